//! California house prices by district in 1990, in dollars, with 8 features: Pace & Barry (1997).

use super::housing::{self, Options, Split};
use super::places::Names;
use crate::error::Result;
use std::path::Path;

const NAMES: Names = Names {
    dataset: "california_housing",
    folders: &[],
    files: &["california_housing.npz"],
    remedy: "to get it: `python3 -c \"import keras; keras.datasets.california_housing.load_data()\"`; or \
             put https://storage.googleapis.com/tensorflow/tf-keras-datasets/california_housing.npz into \
             a folder named by `KERUST_DATASETS`",
};

/// Loads the training and the test samples: 16,512 and 4,128 in Keras's file, in Keras's order.
///
/// # Errors
/// The same as [`Load::load`].
pub fn load() -> Result<Split<8>> {
    Load::new().load()
}

/// The part of the file to load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// The first 600 samples.
    Small,
    /// All samples.
    Large,
}

/// Options for loading, with Keras's arguments and defaults.
///
/// ```no_run
/// # use kerust::{data::datasets::california_housing::{self, Version}, error};
/// # fn main() -> error::Result<()> {
/// let (train, test) = california_housing::Load::new().version(Version::Small).load()?;
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

    /// Sets the part of the file to load; [`Version::Large`] by default.
    pub const fn version(mut self, version: Version) -> Self {
        self.0.first = match version {
            Version::Small => Some(600),
            Version::Large => None,
        };
        self
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
    pub fn load(&self) -> Result<Split<8>> {
        housing::load(&NAMES, &self.0)
    }

    /// Loads the data from this file.
    ///
    /// # Errors
    /// The same as [`load`](Self::load).
    pub fn load_from(&self, file: impl AsRef<Path>) -> Result<Split<8>> {
        housing::load_from(file.as_ref(), &self.0)
    }
}
