//! Texts as sequences of word indices, for IMDB and Reuters.

use super::labels::classes_of;
use super::places::Names;
use super::random_state::RandomState;
use crate::data::csv::Label;
use crate::data::npy::{Header, NpyFault, Npz, refuse};
use crate::data::pickle::Pickle;
use crate::data::{DataError, Dataset, PadSequences};
use crate::error::{Error, Result};
use crate::tensor::Tokens;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Texts as sequences of word indices, with a label for each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sequences {
    /// The word indices of each text.
    pub sequences: Vec<Vec<u32>>,
    /// The class of each text.
    pub labels: Vec<u32>,
}

impl Sequences {
    /// A data set of tokens: each text padded and truncated to `STEPS` tokens. The labels are `Class<N>`, or
    /// `Binary` for two classes.
    ///
    /// ```no_run
    /// use kerust::data::datasets::imdb;
    /// use kerust::prelude::*;
    ///
    /// # fn main() -> kerust::Result<()> {
    /// let (train, _) = imdb::Load::new().num_words(10_000).load()?;
    /// let train: Dataset<Tokens<80>, Binary> = train.dataset(PadSequences::new())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns an error if a word index is no token, because it is above 65,535, or a class is none of the
    /// label's.
    pub fn dataset<const STEPS: usize, Y: Label>(
        &self,
        padding: PadSequences,
    ) -> Result<Dataset<Tokens<STEPS>, Y>> {
        let expected = Y::CLASS_COUNT;
        let mut classes = self.labels.iter().enumerate();
        if let Some((sample, found)) = classes.find(|(_, class)| **class as usize >= expected) {
            return Err(DataError::Text(format!(
                "sample {sample} has the class {found}, expected one below {expected}"
            ))
            .into());
        }
        let tokens = padding.pad::<STEPS>(&self.sequences)?;
        let tokens = tokens.iter().flat_map(|tokens| tokens.as_slice());
        let labels = self.labels.iter().map(|class| *class as f32).collect();
        let (tokens, count) = (tokens.copied().collect(), self.labels.len());
        Ok(Dataset::from_columns(
            tokens,
            Y::column(labels),
            count,
            Vec::new(),
        ))
    }
}

/// Keras's arguments.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Options {
    pub(super) num_words: Option<u32>,
    pub(super) skip_top: u32,
    pub(super) maxlen: Option<usize>,
    pub(super) seed: u32,
    pub(super) start_char: Option<u32>,
    pub(super) oov_char: Option<u32>,
    pub(super) index_from: u32,
}

impl Options {
    pub(super) const DEFAULT: Self = Self {
        num_words: None,
        skip_top: 0,
        maxlen: None,
        seed: 113,
        start_char: Some(1),
        oov_char: Some(2),
        index_from: 3,
    };

    /// Shuffles the texts, adds their start, and drops the long ones.
    pub(super) fn ordered(&self, mut texts: Sequences, random: &mut RandomState) -> Sequences {
        let order = random.shuffled(texts.labels.len());
        let mut ordered = Sequences::default();
        for place in order {
            let words = core::mem::take(&mut texts.sequences[place]);
            let words = words
                .into_iter()
                .map(|word| word.saturating_add(self.index_from));
            let words: Vec<u32> = self.start_char.into_iter().chain(words).collect();
            // As in Keras, only shorter texts are kept.
            if self
                .maxlen
                .is_none_or(|maxlen| maxlen == 0 || words.len() < maxlen)
            {
                ordered.sequences.push(words);
                ordered.labels.push(texts.labels[place]);
            }
        }
        ordered
    }

    /// Replaces or drops the words that are too frequent or too rare. Without a number of words, the limit is
    /// the highest word index, and as in Keras that word counts as too rare.
    pub(super) fn limit_words(&self, parts: &mut [&mut Sequences]) {
        let highest = || {
            let texts = parts.iter().flat_map(|part| &part.sequences);
            texts.flatten().copied().max().unwrap_or(0)
        };
        let num_words = self
            .num_words
            .filter(|count| *count > 0)
            .unwrap_or_else(highest);
        let kept = |word: &u32| (self.skip_top..num_words).contains(word);
        for words in parts.iter_mut().flat_map(|part| &mut part.sequences) {
            match self.oov_char {
                Some(oov_char) => words
                    .iter_mut()
                    .filter(|word| !kept(word))
                    .for_each(|word| *word = oov_char),
                None => words.retain(kept),
            }
        }
    }
}

/// The file in the first place that has it.
pub(super) fn find(names: &Names) -> Result<PathBuf> {
    let file = |place: &Path| match place.is_dir() {
        true => place.join(names.files[0]),
        false => place.to_path_buf(),
    };
    Ok(file(&names.find(|place| file(place).is_file())?))
}

/// The texts and labels in the arrays with these names.
pub(super) fn read(path: &Path, x: &str, y: &str, classes: usize) -> Result<Sequences> {
    let npz = Npz::open(path)?;
    let (labels, count) = classes_of(&npz, path, y, classes)?;
    let sequences = npz.with_member(x, |bytes| {
        let mut source = bytes;
        let header = Header::read(&mut source)?;
        if !header.is_objects() {
            return Err(header.other_type("O"));
        }
        let sequences = lists(source, npz.file_len()).map_err(NpyFault::Pickle)?;
        if header.shape != [sequences.len()] {
            let expected = vec![Some(sequences.len())];
            let found = header.shape;
            return Err(NpyFault::Shape { found, expected });
        }
        Ok(sequences)
    })?;
    if sequences.len() != count {
        let fault = NpyFault::Shape {
            found: vec![count],
            expected: vec![Some(sequences.len())],
        };
        return Err(refuse(path, Some(y), fault));
    }
    Ok(Sequences { sequences, labels })
}

/// Reads a pickled array of lists of integers.
fn lists(bytes: &[u8], file_len: u64) -> Result<Vec<Vec<u32>>, String> {
    let pickle = Pickle::read(bytes, file_len)?;
    let (shape, texts) = pickle.object_array(pickle.top())?;
    if shape.len() != 1 {
        return Err(format!("found an array of {shape:?}, expected one axis"));
    }
    // A number takes two bytes at least. The count prevents that one list, used for many texts, takes too
    // much memory.
    let mut left = bytes.len();
    let mut lists = Vec::with_capacity(texts.len());
    for (place, text) in texts.iter().enumerate() {
        let fault = |fault: String| format!("text {place}: {fault}");
        let words = pickle.list(*text).map_err(fault)?;
        let so_many = || fault("it repeats another text too often".to_owned());
        left = left.checked_sub(words.len()).ok_or_else(so_many)?;
        let word = |value| {
            let number = pickle.integer(value)?;
            let negative = |_| format!("found {number}, expected a word's number");
            u32::try_from(number).map_err(negative)
        };
        let words = words.iter().map(|value| word(*value));
        lists.push(words.collect::<Result<_, _>>().map_err(fault)?);
    }
    Ok(lists)
}

/// Reads the index of each word from Keras's JSON file.
pub(super) fn word_index(path: &Path) -> Result<BTreeMap<String, u32>> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let path = path.to_path_buf();
        let fault = error.to_string();
        DataError::WordIndex { path, fault }.into()
    })
}

/// The error if no text is short enough.
pub(super) fn no_sequence(path: &Path, maxlen: Option<usize>) -> Error {
    let path = path.to_path_buf();
    DataError::NoSequence { path, maxlen }.into()
}

/// The builder methods for Keras's arguments of both data sets.
macro_rules! arguments {
    () => {
        /// Keeps only this number of the most frequent words; all by default. Other words are replaced by
        /// [`oov_char`](Self::oov_char).
        pub fn num_words(mut self, count: impl Into<Option<u32>>) -> Self {
            self.options.num_words = count.into();
            self
        }

        /// Skips the most frequent words, whose indices are below this number; 0 by default.
        pub fn skip_top(mut self, count: u32) -> Self {
            self.options.skip_top = count;
            self
        }

        /// Drops texts that, with their start, are not shorter than this; none by default.
        pub fn maxlen(mut self, len: impl Into<Option<usize>>) -> Self {
            self.options.maxlen = len.into();
            self
        }

        /// Sets the seed of the shuffle; 113 by default. The order is NumPy's.
        pub fn seed(mut self, seed: u32) -> Self {
            self.options.seed = seed;
            self
        }

        /// Sets the index that starts every text; 1 by default, `None` for no start.
        pub fn start_char(mut self, number: impl Into<Option<u32>>) -> Self {
            self.options.start_char = number.into();
            self
        }

        /// Sets the index for words that are left out; 2 by default. With `None` they are dropped.
        pub fn oov_char(mut self, number: impl Into<Option<u32>>) -> Self {
            self.options.oov_char = number.into();
            self
        }

        /// Sets the number that is added to word indices; 3 by default.
        pub fn index_from(mut self, number: u32) -> Self {
            self.options.index_from = number;
            self
        }
    };
}
pub(super) use arguments;
