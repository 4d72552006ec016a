//! The data sets of Keras's courses, read from files that are already on the machine.
//!
//! Nothing is downloaded. A data set is looked for, in this order, in
//! 1. `$KERUST_DATASETS`: a folder that holds a folder of the data set, or its files themselves;
//! 2. `~/.kerust/datasets`;
//! 3. `/usr/share/datasets`, where Debian's packages put it;
//! 4. Keras's own cache, `$KERAS_HOME/datasets` or `~/.keras/datasets`.

mod mnist_family;
mod places;

pub use mnist_family::MnistImage;

/// Ten kinds of clothing, 28×28 grey pixels: Xiao, Rasul, Vollgraf (2017), arXiv:1708.07747.
pub mod fashion_mnist {
    use super::MnistImage;
    use super::mnist_family::{Archive, Split};
    use crate::error::Result;
    use std::path::Path;

    /// The classes in the order of their numbers.
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
        name: "fashion_mnist",
        folders: &["fashion-mnist", "fashion_mnist"],
        class_names: CLASS_NAMES,
        remedy: "to get it: `apt-get install dataset-fashion-mnist`; or put the four files of \
                 https://github.com/zalandoresearch/fashion-mnist \
                 (`train-images-idx3-ubyte.gz`, ..) into a folder named by `KERUST_DATASETS`",
    };

    /// The training and the test samples: 60,000 and 10,000 in the original files.
    ///
    /// The model decides the shape: `Rank3<28, 28, 1>`, `Rank2<28, 28>` or `Rank1<784>`. Pixels
    /// are 0 to 255, as Keras gives them.
    ///
    /// # Errors
    /// The files are not found, not readable, corrupt, or do not fit each other.
    pub fn load<X: MnistImage>() -> Result<Split<X>> {
        ARCHIVE.load()
    }

    /// [`load`] from the folder that holds the four files, plain or `.gz`.
    ///
    /// # Errors
    /// As [`load`].
    pub fn load_from<X: MnistImage>(folder: impl AsRef<Path>) -> Result<Split<X>> {
        ARCHIVE.load_from(folder.as_ref())
    }
}

/// Ten handwritten digits, 28×28 grey pixels: LeCun, Cortes, Burges.
pub mod mnist {
    use super::MnistImage;
    use super::mnist_family::{Archive, Split};
    use crate::error::Result;
    use std::path::Path;

    /// The classes in the order of their numbers.
    pub const CLASS_NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    const ARCHIVE: Archive = Archive {
        name: "mnist",
        folders: &["mnist"],
        class_names: CLASS_NAMES,
        remedy: "to get it: put the four files of \
                 https://storage.googleapis.com/cvdf-datasets/mnist \
                 (`train-images-idx3-ubyte.gz`, ..) into a folder named by `KERUST_DATASETS`",
    };

    /// The training and the test samples: 60,000 and 10,000 in the original files.
    ///
    /// The model decides the shape: `Rank3<28, 28, 1>`, `Rank2<28, 28>` or `Rank1<784>`. Pixels
    /// are 0 to 255, as Keras gives them.
    ///
    /// # Errors
    /// The files are not found, not readable, corrupt, or do not fit each other.
    pub fn load<X: MnistImage>() -> Result<Split<X>> {
        ARCHIVE.load()
    }

    /// [`load`] from the folder that holds the four files, plain or `.gz`.
    ///
    /// # Errors
    /// As [`load`].
    pub fn load_from<X: MnistImage>(folder: impl AsRef<Path>) -> Result<Split<X>> {
        ARCHIVE.load_from(folder.as_ref())
    }
}
