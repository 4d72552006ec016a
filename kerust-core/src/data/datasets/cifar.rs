//! CIFAR-10 and CIFAR-100: 32×32 color images, in files pickled by Python 2.

use super::places::Names;
use super::tar;
use crate::data::pickle::{Pickle, Value};
use crate::data::{Class, DataError, Dataset, TensorColumn};
use crate::error::{Error, Result};
use crate::tensor::Rank3;
use std::path::{Path, PathBuf};

/// Training and test samples.
pub(super) type Split<const N: usize> = (
    Dataset<Rank3<32, 32, 3>, Class<N>>,
    Dataset<Rank3<32, 32, 3>, Class<N>>,
);

/// CIFAR-10: ten classes of animals and vehicles, 32×32 color images: Krizhevsky (2009), "Learning multiple
/// layers of features from tiny images".
pub mod cifar10 {
    use super::{Archive, Names, Split};
    use crate::error::Result;
    use std::path::Path;

    /// The names of the classes, in the order of their numbers.
    pub const CLASS_NAMES: [&str; 10] = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ];

    const ARCHIVE: Archive = Archive {
        names: Names {
            dataset: "cifar10",
            folders: &["cifar-10-batches-py-target", "cifar-10-batches-py"],
            files: &[
                "cifar-10-batches-py-target_archive",
                "cifar-10-python.tar.gz",
                "cifar-10-batches-py.tar.gz",
            ],
            remedy: "to get it: `python3 -c \"import keras; keras.datasets.cifar10.load_data()\"`; or \
                     put https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz into a folder named \
                     by `KERUST_DATASETS`",
        },
        folder: "cifar-10-batches-py",
        train: &[
            "data_batch_1",
            "data_batch_2",
            "data_batch_3",
            "data_batch_4",
            "data_batch_5",
        ],
        test: "test_batch",
    };

    /// Loads the training and the test samples: 50,000 and 10,000 in the original files. Pixels are from 0 to
    /// 255.
    ///
    /// # Errors
    /// Returns an error if the files are not found, cannot be read, are corrupt, or do not match each other.
    pub fn load() -> Result<Split<10>> {
        ARCHIVE.load("labels", &CLASS_NAMES)
    }

    /// Like [`load`], from the archive (`.tar.gz`) or from its unpacked folder.
    ///
    /// # Errors
    /// The same as [`load`].
    pub fn load_from(place: impl AsRef<Path>) -> Result<Split<10>> {
        ARCHIVE.load_from(place.as_ref(), "labels", &CLASS_NAMES)
    }
}

/// CIFAR-100: a hundred classes in twenty groups, 32×32 color images: Krizhevsky (2009), "Learning multiple
/// layers of features from tiny images".
///
/// The type of the labels replaces Keras's `label_mode`: `Class<100>` for fine labels, `Class<20>` for coarse
/// labels.
pub mod cifar100 {
    use super::{Archive, Names, Split};
    use crate::data::Class;
    use crate::error::Result;
    use std::path::Path;

    /// The names of the fine classes, in the order of their numbers.
    #[rustfmt::skip]
    pub const FINE_CLASS_NAMES: [&str; 100] = [
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
        "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
        "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
        "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox",
        "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion",
        "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom",
        "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
        "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road",
        "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake",
        "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
        "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle",
        "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
    ];

    /// The names of the coarse classes, in the order of their numbers.
    #[rustfmt::skip]
    pub const COARSE_CLASS_NAMES: [&str; 20] = [
        "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
        "household_electrical_devices", "household_furniture", "insects", "large_carnivores",
        "large_man-made_outdoor_things", "large_natural_outdoor_scenes",
        "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates", "people",
        "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
    ];

    /// The labels of CIFAR-100: `Class<100>` or `Class<20>`.
    #[diagnostic::on_unimplemented(
        message = "CIFAR-100 has no labels `{Self}`",
        label = "are neither its fine nor its coarse classes",
        note = "`Class<100>` are its fine classes, `Class<20>` its coarse ones"
    )]
    pub trait Labels {
        /// The training and test data with these labels.
        type Split;
        #[doc(hidden)]
        fn load(place: Option<&Path>) -> Result<Self::Split>;
    }

    impl Labels for Class<100> {
        type Split = Split<100>;

        fn load(place: Option<&Path>) -> Result<Split<100>> {
            load_labels(place, "fine_labels", &FINE_CLASS_NAMES)
        }
    }

    impl Labels for Class<20> {
        type Split = Split<20>;

        fn load(place: Option<&Path>) -> Result<Split<20>> {
            load_labels(place, "coarse_labels", &COARSE_CLASS_NAMES)
        }
    }

    const ARCHIVE: Archive = Archive {
        names: Names {
            dataset: "cifar100",
            folders: &["cifar-100-python-target", "cifar-100-python"],
            files: &["cifar-100-python-target_archive", "cifar-100-python.tar.gz"],
            remedy: "to get it: `python3 -c \"import keras; keras.datasets.cifar100.load_data()\"`; or \
                     put https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz into a folder named \
                     by `KERUST_DATASETS`",
        },
        folder: "cifar-100-python",
        train: &["train"],
        test: "test",
    };

    /// Loads the training and the test samples: 50,000 and 10,000 in the original files. Pixels are from 0 to
    /// 255.
    ///
    /// ```no_run
    /// # use kerust::{data::{Class, datasets::cifar100}, error};
    /// # fn main() -> error::Result<()> {
    /// let (train, test) = cifar100::load::<Class<100>>()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the files are not found, cannot be read, are corrupt, or do not match each other.
    pub fn load<Y: Labels>() -> Result<Y::Split> {
        Y::load(None)
    }

    /// Like [`load`], from the archive (`.tar.gz`) or from its unpacked folder.
    ///
    /// # Errors
    /// The same as [`load`].
    pub fn load_from<Y: Labels>(place: impl AsRef<Path>) -> Result<Y::Split> {
        Y::load(Some(place.as_ref()))
    }

    fn load_labels<const N: usize>(
        place: Option<&Path>,
        key: &str,
        names: &[&str; N],
    ) -> Result<Split<N>> {
        match place {
            Some(place) => ARCHIVE.load_from(place, key, names),
            None => ARCHIVE.load(key, names),
        }
    }
}

/// One of the two data sets.
struct Archive {
    names: Names,
    /// The name of the folder in the archive and in Keras's cache.
    folder: &'static str,
    train: &'static [&'static str],
    test: &'static str,
}

impl Archive {
    fn load<const N: usize>(&self, key: &str, class_names: &[&str; N]) -> Result<Split<N>> {
        let place = self.names.find(|place| {
            place.is_file() || self.batches(place).is_some() || self.file(place).is_some()
        })?;
        self.load_from(&place, key, class_names)
    }

    /// The folder with the batches: `place`, or a folder inside of it.
    fn batches(&self, place: &Path) -> Option<PathBuf> {
        let folders = [place.to_path_buf(), place.join(self.folder)];
        folders
            .into_iter()
            .find(|folder| folder.join(self.test).is_file())
    }

    /// The archive in a folder.
    fn file(&self, folder: &Path) -> Option<PathBuf> {
        let mut files = self.names.files.iter().map(|file| folder.join(file));
        files.find(|file| file.is_file())
    }

    fn load_from<const N: usize>(
        &self,
        place: &Path,
        key: &str,
        class_names: &[&str; N],
    ) -> Result<Split<N>> {
        let names: Vec<&str> = self.train.iter().copied().chain([self.test]).collect();
        let archive = match place.is_file() {
            true => Some(place.to_path_buf()),
            false if self.batches(place).is_none() => self.file(place),
            false => None,
        };
        let mut parts = [Part::default(), Part::default()];
        let [train, test] = &mut parts;
        let mut add = |path: &Path, name: &str, bytes: &[u8]| {
            let part = if name == self.test {
                &mut *test
            } else {
                &mut *train
            };
            part.add(path, bytes, key, N)
        };
        if let Some(archive) = archive {
            let inside = names.iter().map(|name| format!("{}/{name}", self.folder));
            let inside: Vec<String> = inside.collect();
            let files = tar::files(&archive, &inside)?;
            for ((name, inside), bytes) in names.iter().zip(&inside).zip(files) {
                add(&archive.join(inside), name, &bytes)?;
            }
        } else {
            let folder = self.batches(place).unwrap_or_else(|| place.to_path_buf());
            for name in names {
                let path = folder.join(name);
                let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
                add(&path, name, &bytes)?;
            }
        }
        let [train, test] = parts.map(|part| part.dataset(class_names));
        Ok((train, test))
    }
}

const PIXELS: usize = 32 * 32;

/// The training or the test samples.
#[derive(Default)]
struct Part {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl Part {
    /// Adds the samples of a batch.
    fn add(&mut self, path: &Path, bytes: &[u8], key: &str, classes: usize) -> Result<()> {
        let refuse = |fault: String| {
            let path = path.to_path_buf();
            Error::from(DataError::Pickle { path, fault })
        };
        let pickle = Pickle::read(bytes, bytes.len() as u64).map_err(refuse)?;
        let within = |name: &str, fault: String| refuse(format!("`{name}`: {fault}"));
        let value = |name: &str| pickle.entry(name).map_err(refuse);
        let images = value("data")?;
        let images = pickle
            .byte_array(images)
            .map_err(|fault| within("data", fault))?;
        let labels = pickle
            .list(value(key)?)
            .map_err(|fault| within(key, fault))?;
        let ([count, 3072], images) = images else {
            let (found, _) = images;
            let fault = format!("found the shape {found:?}, expected [_, 3072]");
            return Err(within("data", fault));
        };
        if labels.len() != *count {
            let fault = format!("found {} labels of {count} images", labels.len());
            return Err(within(key, fault));
        }
        for (sample, label) in labels.iter().enumerate() {
            let class = match *label {
                Value::Int(class) if (0..classes as i32).contains(&class) => class as u32,
                Value::Int(found) => {
                    let fault = format!(
                        "sample {sample} is of class {found}, expected a class below {classes}"
                    );
                    return Err(within(key, fault));
                }
                other => {
                    let fault = pickle.integer(other).err().unwrap_or_default();
                    return Err(within(key, format!("sample {sample}: {fault}")));
                }
            };
            self.labels.push(class);
        }
        // Converts planes of red, green and blue to pixels with three channels.
        for image in images.chunks_exact(3 * PIXELS) {
            let pixel = |place: usize| {
                [
                    image[place],
                    image[PIXELS + place],
                    image[2 * PIXELS + place],
                ]
            };
            self.pixels.extend((0..PIXELS).flat_map(pixel));
        }
        Ok(())
    }

    fn dataset<const N: usize>(
        self,
        class_names: &[&str; N],
    ) -> Dataset<Rank3<32, 32, 3>, Class<N>> {
        let count = self.labels.len();
        let names = class_names.map(str::to_owned).into();
        Dataset::from_columns(TensorColumn::Byte(self.pixels), self.labels, count, names)
    }
}
