//! Prices of houses in Boston in the 1970s, in thousands of dollars, by 13 numbers: Harrison &
//! Rubinfeld (1978).
//!
//! Keras warns of this data set: one of the numbers assumes that who lives somewhere sets the price
//! of houses there. [`california_housing`](super::california_housing) takes its place.

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

/// The training and the test samples: 404 and 102 in Keras's file, in Keras's order.
///
/// # Errors
/// As [`Load::load`].
pub fn load() -> Result<Split<13>> {
    Load::new().load()
}

/// What is loaded, with Keras's arguments and defaults.
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
    /// Keras's defaults.
    pub const fn new() -> Self {
        Self(Options::DEFAULT)
    }

    /// The fraction of the samples for the test; 0.2 by default.
    pub const fn test_split(mut self, fraction: f64) -> Self {
        self.0.test_split = fraction;
        self
    }

    /// The seed of the order, before the split; 113 by default. The order is NumPy's.
    pub const fn seed(mut self, seed: u32) -> Self {
        self.0.seed = seed;
        self
    }

    /// Loads from the first place that has the file.
    ///
    /// # Errors
    /// The file is not found, not readable, or not as expected; `test_split` is not from 0 up to
    /// but not including 1.
    pub fn load(&self) -> Result<Split<13>> {
        housing::load(&NAMES, &self.0)
    }

    /// Loads from that file.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_from(&self, file: impl AsRef<Path>) -> Result<Split<13>> {
        housing::load_from(file.as_ref(), &self.0)
    }
}
