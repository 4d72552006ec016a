//! Reuters newswires as sequences of word indices, with their topics: Reuters-21578, split as in Keras.

use super::housing::training_fraction;
use super::places::Names;
use super::random_state::RandomState;
use super::words::{self, Options, Sequences};
use crate::error::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// The names of the topics, in the order of their numbers: Keras's `get_label_names`.
#[rustfmt::skip]
pub const CLASS_NAMES: [&str; 46] = [
    "cocoa",
    "grain",
    "veg-oil",
    "earn",
    "acq",
    "wheat",
    "copper",
    "housing",
    "money-supply",
    "coffee",
    "sugar",
    "trade",
    "reserves",
    "ship",
    "cotton",
    "carcass",
    "crude",
    "nat-gas",
    "cpi",
    "money-fx",
    "interest",
    "gnp",
    "meal-feed",
    "alum",
    "oilseed",
    "gold",
    "tin",
    "strategic-metal",
    "livestock",
    "retail",
    "ipi",
    "iron-steel",
    "rubber",
    "heat",
    "jobs",
    "lei",
    "bop",
    "zinc",
    "orange",
    "pet-chem",
    "dlr",
    "gas",
    "silver",
    "wpi",
    "hog",
    "lead",
];

const NAMES: Names = Names {
    dataset: "reuters",
    folders: &[],
    files: &["reuters.npz"],
    remedy: "to get it: `python3 -c \"import keras; keras.datasets.reuters.load_data()\"`; or put \
             https://storage.googleapis.com/tensorflow/tf-keras-datasets/reuters.npz into a folder \
             named by `KERUST_DATASETS`",
};

const WORD_INDEX: Names = Names {
    dataset: "reuters_word_index",
    folders: &[],
    files: &["reuters_word_index.json"],
    remedy: "to get it: `python3 -c \"import keras; keras.datasets.reuters.get_word_index()\"`; or put \
             https://storage.googleapis.com/tensorflow/tf-keras-datasets/reuters_word_index.json into a \
             folder named by `KERUST_DATASETS`",
};

/// Loads the training and the test newswires: 8,982 and 2,246 in Keras's file, in Keras's order.
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
/// # use kerust::{data::datasets::reuters, error};
/// # fn main() -> error::Result<()> {
/// let (train, test) = reuters::Load::new().num_words(1000).test_split(0.1).load()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[must_use = "nothing is read before `load`"]
pub struct Load {
    options: Options,
    test_split: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self::new()
    }
}

impl Load {
    /// Creates options with Keras's defaults.
    pub const fn new() -> Self {
        Self {
            options: Options::DEFAULT,
            test_split: 0.2,
        }
    }

    words::arguments!();

    /// Sets the fraction of the test newswires; 0.2 by default.
    pub fn test_split(mut self, fraction: f64) -> Self {
        self.test_split = fraction;
        self
    }

    /// Loads the data from the first place that has the file.
    ///
    /// # Errors
    /// Returns an error if the file is not found, cannot be read, or is invalid, no newswire is shorter than
    /// `maxlen`, or `test_split` is not at least 0 and below 1.
    pub fn load(&self) -> Result<(Sequences, Sequences)> {
        self.load_from(words::find(&NAMES)?)
    }

    /// Loads the data from this file.
    ///
    /// # Errors
    /// The same as [`load`](Self::load).
    pub fn load_from(&self, file: impl AsRef<Path>) -> Result<(Sequences, Sequences)> {
        let path = file.as_ref();
        let training = training_fraction(self.test_split)?;
        let texts = words::read(path, "x", "y", CLASS_NAMES.len())?;
        let mut random = RandomState::new(self.options.seed);
        let mut train = self.options.ordered(texts, &mut random);
        if train.labels.is_empty() {
            return Err(words::no_sequence(path, self.options.maxlen));
        }
        self.options.limit_words(&mut [&mut train]);
        let count = (train.labels.len() as f64 * training) as usize;
        let test = Sequences {
            sequences: train.sequences.split_off(count),
            labels: train.labels.split_off(count),
        };
        Ok((train, test))
    }
}
