//! A vocabulary that is known at compile time.

use super::{PADDING, Split, Standardize, UNKNOWN};
use crate::tensor::Tokens;

/// A vocabulary whose words are known at compile time. It needs neither `std` nor a heap.
///
/// ```
/// use kerust::Tokens;
/// use kerust::text::FixedVocabulary;
///
/// static COMMANDS: FixedVocabulary =
///     FixedVocabulary::new(&["", "[UNK]", "light", "on", "off"]);
///
/// let tokens: Tokens<4> = COMMANDS.tokens("Light ON, please!");
/// assert_eq!(tokens.as_slice(), [2, 3, 1, 0]);
/// ```
///
/// # Cost
/// A word is compared with each word of the vocabulary, so it is for small vocabularies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FixedVocabulary<'a> {
    words: &'a [&'a str],
    standardize: Standardize,
    split: Split,
}

impl<'a> FixedVocabulary<'a> {
    /// A vocabulary with these words, the word of each token, as
    /// [`Vocabulary::words`](super::Vocabulary::words) gives them: the first is that of padding, and the second
    /// that of unknown words. The settings are Keras's defaults.
    ///
    /// # Panics
    /// Panics unless there are at least 2 words and at most 65,536.
    pub const fn new(words: &'a [&'a str]) -> Self {
        assert!(
            words.len() >= 2,
            "a vocabulary begins with the words of padding and of unknown words: `\"\"` and `\"[UNK]\"`"
        );
        assert!(
            words.len() <= u16::MAX as usize + 1,
            "a vocabulary has at most 65536 words, because a token is a `u16`"
        );
        Self {
            words,
            standardize: Standardize::LowerAndStripPunctuation,
            split: Split::Whitespace,
        }
    }

    /// Sets how a text is changed before it is divided.
    pub const fn standardize(mut self, standardize: Standardize) -> Self {
        self.standardize = standardize;
        self
    }

    /// Sets how a text is divided into words.
    pub const fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// The words, by their tokens.
    pub const fn words(&self) -> &'a [&'a str] {
        self.words
    }

    /// The word of a token.
    pub fn word(&self, token: u16) -> Option<&'a str> {
        self.words.get(usize::from(token)).copied()
    }

    /// The tokens of a text: its first `N` words, and padding after them.
    pub fn tokens<const N: usize>(&self, text: &str) -> Tokens<N> {
        let mut tokens = Tokens::zeroed();
        let parts = self.split.parts(text).filter(|part| {
            !self.split.skips_empty() || self.standardize.chars(part).next().is_some()
        });
        let slots = tokens.as_mut_slice().iter_mut();
        slots
            .zip(parts)
            .for_each(|(token, part)| *token = self.token(part));
        tokens
    }

    /// The token of a part of a text.
    fn token(&self, part: &str) -> u16 {
        let chars = self.standardize.chars(part);
        if chars.clone().next().is_none() {
            return PADDING;
        }
        let mut words = self.words.iter().enumerate().skip(super::SPECIAL);
        let found = words.find(|(_, word)| word.chars().eq(chars.clone()));
        found.map_or(UNKNOWN, |(token, _)| token as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: FixedVocabulary<'_> = FixedVocabulary::new(&["", "[UNK]", "on", "off", "é"]);

    #[test]
    fn words_get_their_tokens_and_a_short_text_is_padded() {
        let of = |text| *WORDS.tokens::<3>(text).as_array();
        assert_eq!(of("On, OFF!"), [2, 3, 0]);
        assert_eq!(of("o-n  ... é É"), [2, 4, 1]);
        assert_eq!(of("on off on off"), [2, 3, 2]);
        assert_eq!(of(""), [0, 0, 0]);
        assert_eq!((WORDS.word(3), WORDS.word(5)), (Some("off"), None));
    }

    #[test]
    fn a_whole_text_or_a_letter_can_be_a_word() {
        let whole = WORDS.split(Split::None);
        assert_eq!(*whole.tokens::<2>("ON").as_array(), [2, 0]);
        assert_eq!(*whole.tokens::<2>("on off").as_array(), [1, 0]);
        assert_eq!(*whole.tokens::<2>("...").as_array(), [0, 0]);
        let letters = WORDS.split(Split::Character).standardize(Standardize::None);
        assert_eq!(*letters.tokens::<3>("é.O").as_array(), [4, 1, 1]);
    }

    #[test]
    #[should_panic(expected = "a vocabulary begins with the words of padding and of unknown words")]
    fn a_vocabulary_without_its_first_words_is_refused() {
        FixedVocabulary::new(&["on"]);
    }
}
