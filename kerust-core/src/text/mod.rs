//! Text as tokens.
//!
//! A vocabulary gives each word a number, its token. [`Vocabulary`] learns the words from texts, as Keras's
//! `TextVectorization`; [`FixedVocabulary`] has words that are known at compile time, and works without `std`
//! and without a heap. Both give the same tokens for the same words and settings.
//!
//! ```
//! use kerust::prelude::*;
//! use kerust::text::{TextVectorization, Vocabulary};
//!
//! # fn main() -> kerust::Result<()> {
//! let texts = ["The cat sat on the mat.", "The dog ate the cat's food!"];
//! let vocabulary = Vocabulary::from_texts(texts, TextVectorization::new().max_tokens(100))?;
//! let tokens: Tokens<6> = vocabulary.tokens("the cat sleeps");
//! assert_eq!(vocabulary.word(2), Some("the"));
//! assert_eq!(tokens.as_slice()[2..], [1, 0, 0, 0]);
//! # Ok(())
//! # }
//! ```

mod fixed;
#[cfg(feature = "std")]
mod settings;
mod standard;
#[cfg(feature = "std")]
mod vocabulary;

pub use fixed::FixedVocabulary;
#[cfg(feature = "std")]
pub use settings::TextVectorization;
pub use standard::{Split, Standardize};
#[cfg(feature = "std")]
pub use vocabulary::Vocabulary;

/// The token of padding, after the end of a text. Its word is empty.
pub const PADDING: u16 = 0;

/// The token of every word that is not in the vocabulary. Its word is [`UNKNOWN_WORD`].
pub const UNKNOWN: u16 = 1;

/// The word of [`UNKNOWN`]: Keras's `[UNK]`.
pub const UNKNOWN_WORD: &str = "[UNK]";

/// The number of tokens that are not words of the texts.
const SPECIAL: usize = 2;
