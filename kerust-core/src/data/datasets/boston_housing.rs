//! Boston house prices in the 1970s, in thousands of dollars, with 13 features: Harrison & Rubinfeld (1978).
//!
//! Keras warns about this data set: one of its features assumes that racial segregation affects house prices.
//! Use [`california_housing`](super::california_housing) instead.

use super::housing::{self, Options, Split};
use super::places::Names;
use crate::error::Result;
use std::path::Path;

const NAMES: Names = Names {
    dataset: "boston_housing",
    folders: &[],
    files: &["boston_housing.npz"],
    remedy: "to get it: `python3 -c \"import keras; keras.datasets.boston_housing.load_data()\"`; or \
             put https://storage.googleapis.com/tensorflow/tf-keras-datasets/boston_housing.npz into \
             a folder named by `KERUST_DATASETS`",
};

/// Loads the training and the test samples: 404 and 102 in Keras's file, in Keras's order.
///
/// # Errors
/// The same as [`Load::load`].
pub fn load() -> Result<Split<13>> {
    Load::new().load()
}

/// Options for loading, with Keras's arguments and defaults.
///
/// ```no_run
/// # use kerust::{data::datasets::boston_housing, error};
/// # fn main() -> error::Result<()> {
/// let (train, test) = boston_housing::Load::new().test_split(0.3).seed(7).load()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[must_use = "nothing is read before `load`"]
pub struct Load(Options);

impl Default for Load {
    fn default() -> Self {
        Self::new()
    }
}

impl Load {
    /// Creates options with Keras's defaults.
    pub const fn new() -> Self {
        Self(Options::DEFAULT)
    }

    /// Sets the fraction of the test samples; 0.2 by default.
    pub const fn test_split(mut self, fraction: f64) -> Self {
        self.0.test_split = fraction;
        self
    }

    /// Sets the seed of the shuffle before the split; 113 by default. The order is NumPy's.
    pub const fn seed(mut self, seed: u32) -> Self {
        self.0.seed = seed;
        self
    }

    /// Loads the data from the first place that has the file.
    ///
    /// # Errors
    /// Returns an error if the file is not found, cannot be read, or is invalid, or `test_split` is not at
    /// least 0 and below 1.
    pub fn load(&self) -> Result<Split<13>> {
        housing::load(&NAMES, &self.0)
    }

    /// Loads the data from this file.
    ///
    /// # Errors
    /// The same as [`load`](Self::load).
    pub fn load_from(&self, file: impl AsRef<Path>) -> Result<Split<13>> {
        housing::load_from(file.as_ref(), &self.0)
    }
}
