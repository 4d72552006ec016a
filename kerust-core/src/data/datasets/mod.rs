//! The data sets of Keras, read from files on this machine: Keras's own or the original ones.
//!
//! Nothing is downloaded. A data set is searched in these places, in this order:
//! 1. `$KERUST_DATASETS`: a folder that contains the folder of the data set, or its files;
//! 2. `~/.kerust/datasets`;
//! 3. `/usr/share/datasets`, where Debian's packages install it;
//! 4. Keras's cache, `$KERAS_HOME/datasets` or `~/.keras/datasets`.
//!
//! The names are Keras's: `mnist.npz`, the folder `fashion-mnist`, `boston_housing.npz`,
//! `california_housing.npz`, `cifar-10-batches-py-target`, `cifar-100-python-target`, `imdb.npz`,
//! `reuters.npz`, `imdb_word_index.json` and `reuters_word_index.json`; or the original ones: the folder
//! `mnist` with four IDX files, `cifar-10-python.tar.gz`, `cifar-100-python.tar.gz`.

pub mod boston_housing;
pub mod california_housing;
mod cifar;
mod housing;
pub mod imdb;
mod labels;
mod mnist_family;
mod places;
mod random_state;
pub mod reuters;
mod tar;
mod words;

pub use cifar::{cifar10, cifar100};
pub use mnist_family::MnistImage;
pub use words::Sequences;

/// Fashion-MNIST: ten classes of clothing, 28×28 grayscale images: Xiao, Rasul, Vollgraf (2017),
/// arXiv:1708.07747.
pub mod fashion_mnist {
    use super::MnistImage;
    use super::mnist_family::{Archive, Split};
    use super::places::Names;
    use crate::error::Result;
    use std::path::Path;

    /// The names of the classes, in the order of their numbers.
    pub const CLASS_NAMES: [&str; 10] = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ];

    const ARCHIVE: Archive = Archive {
        names: Names {
            dataset: "fashion_mnist",
            folders: &["fashion-mnist", "fashion_mnist"],
            files: &[],
            remedy: "to get it: `apt-get install dataset-fashion-mnist`; or \
                     `python3 -c \"import keras; keras.datasets.fashion_mnist.load_data()\"`; or put \
                     the four files of https://github.com/zalandoresearch/fashion-mnist \
                     (`train-images-idx3-ubyte.gz`, ..) into a folder named by `KERUST_DATASETS`",
        },
        class_names: CLASS_NAMES,
    };

    /// Loads the training and the test samples: 60,000 and 10,000 in the original files.
    ///
    /// The model determines the shape: `Rank3<28, 28, 1>`, `Rank2<28, 28>` or `Rank1<784>`. Pixels are from 0
    /// to 255, as in Keras.
    ///
    /// # Errors
    /// Returns an error if the files are not found, cannot be read, are corrupt, or do not match each other.
    pub fn load<X: MnistImage>() -> Result<Split<X>> {
        ARCHIVE.load()
    }

    /// Like [`load`], from a folder with the four files, plain or `.gz`.
    ///
    /// # Errors
    /// The same as [`load`].
    pub fn load_from<X: MnistImage>(folder: impl AsRef<Path>) -> Result<Split<X>> {
        ARCHIVE.load_from(folder.as_ref())
    }
}

/// MNIST: ten handwritten digits, 28×28 grayscale images: LeCun, Cortes, Burges.
pub mod mnist {
    use super::MnistImage;
    use super::mnist_family::{Archive, Split};
    use super::places::Names;
    use crate::error::Result;
    use std::path::Path;

    /// The names of the classes, in the order of their numbers.
    pub const CLASS_NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    const ARCHIVE: Archive = Archive {
        names: Names {
            dataset: "mnist",
            folders: &["mnist"],
            files: &["mnist.npz"],
            remedy: "to get it: `python3 -c \"import keras; keras.datasets.mnist.load_data()\"`; or \
                     put the four files of https://storage.googleapis.com/cvdf-datasets/mnist \
                     (`train-images-idx3-ubyte.gz`, ..) into a folder named by `KERUST_DATASETS`",
        },
        class_names: CLASS_NAMES,
    };

    /// Loads the training and the test samples: 60,000 and 10,000 in the original files.
    ///
    /// The model determines the shape: `Rank3<28, 28, 1>`, `Rank2<28, 28>` or `Rank1<784>`. Pixels are from 0
    /// to 255, as in Keras.
    ///
    /// # Errors
    /// Returns an error if the files are not found, cannot be read, are corrupt, or do not match each other.
    pub fn load<X: MnistImage>() -> Result<Split<X>> {
        ARCHIVE.load()
    }

    /// Like [`load`], from Keras's `mnist.npz`, or from a folder that contains it or the four files, plain or
    /// `.gz`.
    ///
    /// # Errors
    /// The same as [`load`].
    pub fn load_from<X: MnistImage>(place: impl AsRef<Path>) -> Result<Split<X>> {
        ARCHIVE.load_from(place.as_ref())
    }
}

#[cfg(test)]
mod tests;
