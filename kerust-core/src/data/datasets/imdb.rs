//! IMDB movie reviews as sequences of word indices, with their sentiment: Maas et al. (2011), "Learning word
//! vectors for sentiment analysis".

use super::places::Names;
use super::random_state::RandomState;
use super::words::{self, Options, Sequences};
use crate::error::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// The names of the classes, in the order of their numbers.
pub const CLASS_NAMES: [&str; 2] = ["negative", "positive"];

const NAMES: Names = Names {
    dataset: "imdb",
    folders: &[],
    files: &["imdb.npz"],
    remedy: "to get it: `python3 -c \"import keras; keras.datasets.imdb.load_data()\"`; or put \
             https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz into a folder \
             named by `KERUST_DATASETS`",
};

const WORD_INDEX: Names = Names {
    dataset: "imdb_word_index",
    folders: &[],
    files: &["imdb_word_index.json"],
    remedy: "to get it: `python3 -c \"import keras; keras.datasets.imdb.get_word_index()\"`; or put \
             https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb_word_index.json into a \
             folder named by `KERUST_DATASETS`",
};

/// Loads the training and the test reviews: 25,000 each in Keras's file, in Keras's order.
///
/// # Errors
/// The same as [`Load::load`].
pub fn load() -> Result<(Sequences, Sequences)> {
    Load::new().load()
}

/// Loads the index of each word, before `index_from` is added.
///
/// # Errors
/// Returns an error if the file is not found, cannot be read, or contains anything other than words and
/// numbers.
pub fn word_index() -> Result<BTreeMap<String, u32>> {
    word_index_from(words::find(&WORD_INDEX)?)
}

/// Like [`word_index`], from this file.
///
/// # Errors
/// The same as [`word_index`].
pub fn word_index_from(file: impl AsRef<Path>) -> Result<BTreeMap<String, u32>> {
    words::word_index(file.as_ref())
}

/// Options for loading, with Keras's arguments and defaults.
///
/// ```no_run
/// # use kerust::{data::datasets::imdb, error};
/// # fn main() -> error::Result<()> {
/// let (train, test) = imdb::Load::new().num_words(10_000).maxlen(80).load()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[must_use = "nothing is read before `load`"]
pub struct Load {
    options: Options,
}

impl Default for Load {
    fn default() -> Self {
        Self::new()
    }
}

impl Load {
    /// Creates options with Keras's defaults.
    pub const fn new() -> Self {
        let options = Options::DEFAULT;
        Self { options }
    }

    words::arguments!();

    /// Loads the data from the first place that has the file.
    ///
    /// # Errors
    /// Returns an error if the file is not found, cannot be read, or is invalid, or no review is shorter than
    /// `maxlen`.
    pub fn load(&self) -> Result<(Sequences, Sequences)> {
        self.load_from(words::find(&NAMES)?)
    }

    /// Loads the data from this file.
    ///
    /// # Errors
    /// The same as [`load`](Self::load).
    pub fn load_from(&self, file: impl AsRef<Path>) -> Result<(Sequences, Sequences)> {
        let path = file.as_ref();
        // One generator for both parts: the shuffle of the test data continues after that of the training
        // data.
        let mut random = RandomState::new(self.options.seed);
        let mut part = |x: &str, y: &str| -> Result<Sequences> {
            let texts = words::read(path, x, y, CLASS_NAMES.len())?;
            let texts = self.options.ordered(texts, &mut random);
            match texts.labels.is_empty() {
                true => Err(words::no_sequence(path, self.options.maxlen)),
                false => Ok(texts),
            }
        };
        let (mut train, mut test) = (part("x_train", "y_train")?, part("x_test", "y_test")?);
        self.options.limit_words(&mut [&mut train, &mut test]);
        Ok((train, test))
    }
}
