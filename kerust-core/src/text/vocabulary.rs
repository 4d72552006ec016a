//! A vocabulary that is learned from texts.

use super::{PADDING, SPECIAL, Split, Standardize, TextVectorization, UNKNOWN, UNKNOWN_WORD};
use crate::data::DataError;
use crate::error::Result;
use crate::model::Model;
use crate::tensor::Tokens;
use crate::weights::{self, WeightsFile};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The words of some texts, each with a number, its token: Keras's `TextVectorization` after `adapt`.
///
/// Token 0 is padding, and token 1 every word that is not in the vocabulary. The other words are in the order of
/// their frequency, and words of equal frequency in reverse order of the alphabet, as in Keras.
///
/// ```
/// use kerust::prelude::*;
/// use kerust::text::{TextVectorization, Vocabulary};
///
/// # fn main() -> kerust::Result<()> {
/// let texts = ["good film", "bad film", "a good, good film"];
/// let vocabulary = Vocabulary::from_texts(texts, TextVectorization::new())?;
/// assert_eq!(vocabulary.words(), ["", "[UNK]", "good", "film", "bad", "a"]);
///
/// let data: Dataset<Tokens<4>, Binary> = Dataset::generate(3, |i| {
///     (vocabulary.tokens(texts[i]), (i != 1).into())
/// });
/// assert_eq!(data.input(0).as_slice(), [2, 3, 0, 0]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vocabulary {
    words: Vec<String>,
    tokens: HashMap<String, u16>,
    standardize: Standardize,
    split: Split,
}

/// The key of a vocabulary in a file's metadata.
const KEY: &str = "vocabulary";

impl Vocabulary {
    /// Learns the words of texts: Keras's `adapt`.
    ///
    /// # Errors
    /// Returns an error if `max_tokens` is below 2, or there are more than 65,536 tokens.
    pub fn from_texts(
        texts: impl IntoIterator<Item: AsRef<str>>,
        settings: TextVectorization,
    ) -> Result<Self> {
        if let Some(found) = settings.max_tokens.filter(|found| *found < SPECIAL) {
            return Err(DataError::Text(format!(
                "`max_tokens` is {found}, expected at least 2: those of padding and of unknown words"
            ))
            .into());
        }
        let mut counts: HashMap<String, u64> = HashMap::new();
        for text in texts {
            for part in settings.split.parts(text.as_ref()) {
                let word: String = settings.standardize.chars(part).collect();
                if !word.is_empty() && word != UNKNOWN_WORD {
                    *counts.entry(word).or_default() += 1;
                }
            }
        }
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| b.cmp(a)));
        if let Some(max_tokens) = settings.max_tokens {
            counts.truncate(max_tokens - SPECIAL);
        }
        Self::of(counts.into_iter().map(|(word, _)| word), settings)
    }

    /// A vocabulary with these words: Keras's `set_vocabulary`. The words of padding and of unknown words, `""`
    /// and `"[UNK]"`, stand before them in the vocabulary; they may be given too.
    ///
    /// # Errors
    /// Returns an error if a word occurs twice or is empty, there are more words than `max_tokens` permits, or
    /// more than 65,536.
    pub fn from_words(
        words: impl IntoIterator<Item: Into<String>>,
        settings: TextVectorization,
    ) -> Result<Self> {
        let mut words: Vec<String> = words.into_iter().map(Into::into).collect();
        if let [first, second, ..] = words.as_slice()
            && first.is_empty()
            && second == UNKNOWN_WORD
        {
            words.drain(..SPECIAL);
        }
        let found = SPECIAL + words.len();
        if let Some(max_tokens) = settings.max_tokens.filter(|most| found > *most) {
            return Err(DataError::Text(format!(
                "found {found} tokens, expected at most {max_tokens} (`max_tokens`)"
            ))
            .into());
        }
        Self::of(words, settings)
    }

    /// The vocabulary with these words after the special ones.
    fn of(learned: impl IntoIterator<Item = String>, settings: TextVectorization) -> Result<Self> {
        let mut words = vec![String::new(), UNKNOWN_WORD.to_owned()];
        words.extend(learned);
        let found = words.len();
        if found > usize::from(u16::MAX) + 1 {
            return Err(DataError::Text(format!(
                "found {found} tokens, expected at most 65536, because a token is a `u16`: set `max_tokens`"
            ))
            .into());
        }
        let mut tokens = HashMap::with_capacity(found);
        for (token, word) in words.iter().enumerate().skip(SPECIAL) {
            if word.is_empty() {
                return Err(DataError::Text(format!(
                    "the word of token {token} is empty, which is the word of padding"
                ))
                .into());
            }
            if let Some(first) = tokens.insert(word.clone(), token as u16) {
                return Err(DataError::Text(format!(
                    "the word `{word}` occurs twice, as token {first} and as token {token}"
                ))
                .into());
            }
        }
        Ok(Self {
            words,
            tokens,
            standardize: settings.standardize,
            split: settings.split,
        })
    }

    /// The number of tokens: what an `Embedding` needs.
    #[allow(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// The words, by their tokens: Keras's `get_vocabulary`.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The word of a token; empty for padding.
    pub fn word(&self, token: u16) -> Option<&str> {
        self.words.get(usize::from(token)).map(String::as_str)
    }

    /// The token of a word as it is in the vocabulary, or `None` if it is not there.
    pub fn token(&self, word: &str) -> Option<u16> {
        self.tokens.get(word).copied()
    }

    /// The tokens of a text: its first `N` words, and padding after them.
    pub fn tokens<const N: usize>(&self, text: &str) -> Tokens<N> {
        let mut tokens = Tokens::zeroed();
        let slots = tokens.as_mut_slice().iter_mut();
        slots
            .zip(self.each(text))
            .for_each(|(slot, token)| *slot = token);
        tokens
    }

    /// The tokens of all words of a text, without padding. To pad or cut them at the beginning, pass them to
    /// [`pad_sequences`](crate::data::pad_sequences).
    pub fn sequence(&self, text: &str) -> Vec<u32> {
        self.each(text).map(u32::from).collect()
    }

    /// The words of tokens with spaces between them, or without if each character is a word. Padding is left
    /// out.
    pub fn text(&self, tokens: &[u16]) -> String {
        let words = tokens.iter().filter(|token| **token != PADDING);
        let words = words.map(|token| self.word(*token).unwrap_or(UNKNOWN_WORD));
        let words: Vec<&str> = words.collect();
        match self.split {
            Split::Character => words.concat(),
            Split::Whitespace | Split::None => words.join(" "),
        }
    }

    fn each(&self, text: &str) -> impl Iterator<Item = u16> {
        let words = self.split.parts(text).map(|part| {
            let chars = self.standardize.chars(part);
            chars.collect::<String>()
        });
        let words = words.filter(|word| !(word.is_empty() && self.split.skips_empty()));
        words.map(|word| match word.is_empty() {
            true => PADDING,
            false => self.token(&word).unwrap_or(UNKNOWN),
        })
    }

    /// Writes a model's weights to a file, atomically, with the vocabulary in the metadata.
    ///
    /// `load` of the model reads the weights, and [`Vocabulary::load`] the vocabulary.
    ///
    /// # Errors
    /// Returns an error if the name has the extension of another format than safetensors, or the file cannot be
    /// written.
    pub fn save_with<M: Model>(&self, path: impl AsRef<Path>, model: &M) -> Result<()> {
        let text = json!({
            "standardize": STANDARDS[self.standardize as usize],
            "split": SPLITS[self.split as usize],
            "words": self.words,
        });
        let more = BTreeMap::from([(KEY.to_owned(), text.to_string())]);
        weights::save_with_metadata(path, model, more)
    }

    /// Reads the vocabulary from a file that [`save_with`](Self::save_with) wrote.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or has no vocabulary.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = WeightsFile::open(path)?;
        let refuse = |fault: String| DataError::StoredVocabulary {
            path: path.to_path_buf(),
            fault,
        };
        let text = file.metadata().get(KEY);
        let text = text.ok_or_else(|| refuse("the file has none".to_owned()))?;
        let value: Value = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
        let (settings, words) = stored(&value).map_err(refuse)?;
        Self::from_words(words, settings).map_err(|error| refuse(error.to_string()).into())
    }
}

/// Keras's names, in the order of the values.
const STANDARDS: [&str; 4] = [
    "lower_and_strip_punctuation",
    "lower",
    "strip_punctuation",
    "none",
];
const SPLITS: [&str; 3] = ["whitespace", "character", "none"];

/// The settings and the words in a file, or what is wrong with them.
fn stored(value: &Value) -> Result<(TextVectorization, Vec<String>), String> {
    let standards = [
        Standardize::LowerAndStripPunctuation,
        Standardize::Lower,
        Standardize::StripPunctuation,
        Standardize::None,
    ];
    let splits = [Split::Whitespace, Split::Character, Split::None];
    let place = |key: &str, names: &[&str]| {
        let found = value[key].as_str();
        let place = names.iter().position(|name| Some(*name) == found);
        place.ok_or_else(|| format!("`{key}` is {}, expected one of {names:?}", value[key]))
    };
    let settings = TextVectorization::new()
        .standardize(standards[place("standardize", &STANDARDS)?])
        .split(splits[place("split", &SPLITS)?]);
    let words = value["words"].as_array();
    let words = words.and_then(|words| {
        words
            .iter()
            .map(|word| Some(word.as_str()?.to_owned()))
            .collect()
    });
    let words: Option<Vec<String>> = words;
    Ok((settings, words.ok_or("`words` is no list of texts")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_counts_are_in_reverse_order_of_the_alphabet() {
        let texts = ["a c d", "d z b"];
        let vocabulary = Vocabulary::from_texts(texts, TextVectorization::new()).unwrap();
        assert_eq!(vocabulary.words(), ["", "[UNK]", "d", "z", "c", "b", "a"]);
        assert_eq!(vocabulary.sequence("b ! q d"), [5, 1, 2]);
        assert_eq!(vocabulary.text(&[5, 1, 2, 0, 0]), "b [UNK] d");
        let few = Vocabulary::from_texts(texts, TextVectorization::new().max_tokens(4)).unwrap();
        assert_eq!(few.words(), ["", "[UNK]", "d", "z"]);
    }

    #[test]
    fn the_special_words_are_learned_never() {
        let settings = TextVectorization::new().standardize(Standardize::None);
        let vocabulary = Vocabulary::from_texts(["[UNK] a [UNK]"], settings).unwrap();
        assert_eq!(vocabulary.words(), ["", "[UNK]", "a"]);
        assert_eq!(vocabulary.sequence("[UNK] a"), [1, 2]);
    }

    #[test]
    fn a_vocabulary_that_cannot_be_is_refused() {
        let of = |words: &[&str], settings| {
            Vocabulary::from_words(words.iter().copied(), settings)
                .unwrap_err()
                .to_string()
        };
        let default = TextVectorization::new();
        assert_eq!(
            of(&["a", "b", "a"], default),
            "the word `a` occurs twice, as token 2 and as token 4"
        );
        assert_eq!(
            of(&["a", ""], default),
            "the word of token 3 is empty, which is the word of padding"
        );
        assert_eq!(
            of(&["", "[UNK]", "a", "b"], default.max_tokens(3)),
            "found 4 tokens, expected at most 3 (`max_tokens`)"
        );
        let fault = Vocabulary::from_texts(["a"], default.max_tokens(1)).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "`max_tokens` is 1, expected at least 2: those of padding and of unknown words"
        );
        let many = (0..65_535).map(|number| number.to_string());
        let fault = Vocabulary::from_words(many, default).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "found 65537 tokens, expected at most 65536, because a token is a `u16`: set `max_tokens`"
        );
    }
}
