//! The settings of a vocabulary.

use super::{Split, Standardize};

/// How texts become tokens: Keras's `TextVectorization`, with its names and defaults.
///
/// The length of a text (Keras's `output_sequence_length`) is that of the [`Tokens`](crate::tensor::Tokens) that
/// it becomes.
///
/// ```
/// use kerust::text::{Split, Standardize, TextVectorization};
///
/// let letters = TextVectorization::new()
///     .max_tokens(64)
///     .standardize(Standardize::Lower)
///     .split(Split::Character);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[must_use = "pass it to `Vocabulary::from_texts`"]
pub struct TextVectorization {
    pub(super) max_tokens: Option<usize>,
    pub(super) standardize: Standardize,
    pub(super) split: Split,
}

impl TextVectorization {
    /// Keras's defaults: all words, lower-case letters without punctuation, divided at white space.
    pub const fn new() -> Self {
        Self {
            max_tokens: None,
            standardize: Standardize::LowerAndStripPunctuation,
            split: Split::Whitespace,
        }
    }

    /// Keeps the most frequent words, so that the vocabulary has at most this number of tokens, including
    /// those of padding and of unknown words. The default is no limit.
    pub const fn max_tokens(mut self, max_tokens: usize) -> Self {
        self.max_tokens = Some(max_tokens);
        self
    }

    /// Sets how a text is changed before it is divided; lower-case letters without punctuation by default.
    pub const fn standardize(mut self, standardize: Standardize) -> Self {
        self.standardize = standardize;
        self
    }

    /// Sets how a text is divided into words; at white space by default.
    pub const fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }
}
