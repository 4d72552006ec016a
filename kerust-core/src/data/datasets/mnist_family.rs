//! Data sets of 28×28 grayscale images in ten classes, in the four files of MNIST.

use super::labels::classes_of;
use super::places::Names;
use crate::data::npy::Npz;
use crate::data::{Class, DataError, Dataset, TensorColumn, idx};
use crate::error::{Error, Result};
use crate::tensor::{Rank1, Rank2, Rank3, StaticShape};
use std::path::{Path, PathBuf};

/// A shape that fits a 28×28 grayscale image.
#[diagnostic::on_unimplemented(
    message = "images of the MNIST family do not fit the input `{Self}`",
    label = "does not fit a 28×28 grayscale image",
    note = "they fit `Input(28, 28, 1)`, `Input(28, 28)` and `Input(784)`"
)]
pub trait MnistImage: StaticShape {}

impl MnistImage for Rank3<28, 28, 1> {}
impl MnistImage for Rank2<28, 28> {}
impl MnistImage for Rank1<784> {}

/// Training and test samples.
pub(super) type Split<X> = (Dataset<X, Class<CLASSES>>, Dataset<X, Class<CLASSES>>);

const CLASSES: usize = 10;
const TRAIN: [&str; 2] = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"];
const TEST: [&str; 2] = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// A data set of the family.
pub(super) struct Archive {
    pub(super) names: Names,
    pub(super) class_names: [&'static str; CLASSES],
}

impl Archive {
    pub(super) fn load<X: MnistImage>(&self) -> Result<Split<X>> {
        self.load_from(&self.names.find(|place| self.is_at(place))?)
    }

    /// Whether `place` is the file of the data set, or a folder that holds any of its files.
    fn is_at(&self, place: &Path) -> bool {
        let mut files = TRAIN.iter().chain(&TEST);
        place.is_file()
            || self.npz(place).is_some()
            || files.any(|file| find(place, file).is_some())
    }

    /// Keras's file in a folder.
    fn npz(&self, folder: &Path) -> Option<PathBuf> {
        let mut files = self.names.files.iter().map(|file| folder.join(file));
        files.find(|file| file.is_file())
    }

    /// Loads from Keras's file, or from a folder that contains it or the four files.
    pub(super) fn load_from<X: MnistImage>(&self, place: &Path) -> Result<Split<X>> {
        if place.is_file() {
            return self.load_npz(place);
        } else if let Some(npz) = self.npz(place) {
            return self.load_npz(&npz);
        }
        Ok((self.part(place, TRAIN)?, self.part(place, TEST)?))
    }

    fn load_npz<X: MnistImage>(&self, path: &Path) -> Result<Split<X>> {
        let npz = Npz::open(path)?;
        let part = |images: &str, labels: &str| {
            let (labels, count) = classes_of(&npz, path, labels, CLASSES)?;
            let images = npz.bytes(images, &[None, Some(28), Some(28)])?;
            let images_count = images.len() / (28 * 28);
            if images_count != count {
                return Err(counts(path, images_count, path, count));
            }
            Ok(self.dataset(images, labels))
        };
        Ok((part("x_train", "y_train")?, part("x_test", "y_test")?))
    }

    fn dataset<X: MnistImage>(
        &self,
        images: Vec<u8>,
        labels: Vec<u32>,
    ) -> Dataset<X, Class<CLASSES>> {
        let count = labels.len();
        let names = self.class_names.map(str::to_owned).into();
        Dataset::from_columns(TensorColumn::Byte(images), labels, count, names)
    }

    fn part<X: MnistImage>(
        &self,
        folder: &Path,
        files: [&'static str; 2],
    ) -> Result<Dataset<X, Class<CLASSES>>> {
        let [images, labels] = files.map(|file| {
            find(folder, file).ok_or_else(|| DataError::FileMissing {
                folder: folder.to_path_buf(),
                file,
            })
        });
        let (images_path, labels_path) = (images?, labels?);
        let images_sizes = [None, Some(28), Some(28)];
        let count = idx::sizes(&images_path, Some(&images_sizes))?[0];
        let labels_count = idx::sizes(&labels_path, Some(&[None]))?[0];
        if labels_count != count {
            return Err(counts(&images_path, count, &labels_path, labels_count));
        }
        let labels = idx::read_sized(&labels_path, Some(&[Some(count)]))?;
        let beyond = |label: &u8| usize::from(*label) >= CLASSES;
        if let Some(sample) = labels.values.iter().position(beyond) {
            return Err(DataError::Label {
                path: labels_path,
                sample,
                found: labels.values[sample].into(),
                classes: CLASSES,
            }
            .into());
        }
        let images = idx::read_sized(&images_path, Some(&images_sizes))?;
        let labels = labels.values.into_iter().map(u32::from).collect();
        Ok(self.dataset(images.values, labels))
    }
}

/// The error if the numbers of images and labels differ.
fn counts(images: &Path, images_count: usize, labels: &Path, labels_count: usize) -> Error {
    DataError::Counts {
        images: (images.to_path_buf(), images_count),
        labels: (labels.to_path_buf(), labels_count),
    }
    .into()
}

/// The file itself, or its `.gz`, under either of its usual names: `train-images-idx3-ubyte` or
/// `train-images.idx3-ubyte`.
fn find(folder: &Path, file: &str) -> Option<PathBuf> {
    let dotted = file.replace("-idx", ".idx");
    [file.to_owned(), dotted]
        .into_iter()
        .flat_map(|name| [name.clone(), format!("{name}.gz")])
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::super::fashion_mnist;
    use super::*;
    use std::fs;

    fn archive() -> Archive {
        Archive {
            names: Names {
                dataset: "digits",
                folders: &["digits"],
                files: &["digits.npz"],
                remedy: "to get it: write it",
            },
            class_names: super::super::mnist::CLASS_NAMES,
        }
    }

    fn images(count: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
        bytes.extend((0..usize::from(count) * 784).map(|place| (place % 251) as u8));
        bytes
    }

    fn labels(labels: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, 1, 0, 0, 0, labels.len() as u8];
        bytes.extend(labels);
        bytes
    }

    /// A data set with three training samples and one test sample.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write(TRAIN[0], &images(3));
        write(TRAIN[1], &labels(&[4, 0, 9]));
        write(TEST[0], &images(1));
        write(TEST[1], &labels(&[7]));
        folder
    }

    fn message(folder: &Path) -> String {
        let outcome = archive().load_from::<Rank1<784>>(folder);
        outcome.err().unwrap().to_string()
    }

    #[test]
    fn every_shape_of_the_family_holds_the_same_pixels() {
        let folder = folder();
        let (train, test) = archive()
            .load_from::<Rank3<28, 28, 1>>(folder.path())
            .unwrap();
        assert_eq!((train.len(), test.len()), (3, 1));
        assert_eq!(train.label(2).index(), 9);
        assert_eq!(train.class_names()[9], "9");
        let pixel = train.input(1).as_array()[1][2][0];
        assert_eq!(pixel, ((784 + 28 + 2) % 251) as f32);
        let (flat, _) = archive().load_from::<Rank1<784>>(folder.path()).unwrap();
        let (plane, _) = archive().load_from::<Rank2<28, 28>>(folder.path()).unwrap();
        assert_eq!(train.input(2).as_slice(), flat.input(2).as_slice());
        assert_eq!(train.input(2).as_slice(), plane.input(2).as_slice());
    }

    #[test]
    fn a_label_beyond_the_classes_is_named() {
        let folder = folder();
        let path = folder.path().join(TRAIN[1]);
        fs::write(&path, labels(&[4, 10, 9])).unwrap();
        let expected = format!(
            "`{}` labels sample 1 as class 10, expected a class below 10",
            path.display()
        );
        assert_eq!(message(folder.path()), expected);
    }

    #[test]
    fn counts_that_differ_are_named() {
        let folder = folder();
        fs::write(folder.path().join(TRAIN[1]), labels(&[4, 0])).unwrap();
        let message = message(folder.path());
        assert!(message.contains("holds 3 images"), "{message}");
        assert!(message.contains("holds 2 labels"), "{message}");
    }

    #[test]
    fn images_of_another_size_are_refused() {
        let folder = folder();
        let mut bytes = images(3);
        bytes[11] = 27;
        fs::write(folder.path().join(TRAIN[0]), bytes).unwrap();
        let message = message(folder.path());
        assert!(message.ends_with("has sizes (3, 27, 28), expected (_, 28, 28)"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = folder();
        fs::remove_file(folder.path().join(TEST[1])).unwrap();
        let message = message(folder.path());
        assert!(
            message.contains("neither `t10k-labels-idx1-ubyte`"),
            "{message}"
        );
    }

    #[test]
    fn the_first_place_that_holds_a_file_is_taken() {
        let folder = folder();
        let nowhere = folder.path().join("nowhere");
        let places = vec![nowhere, folder.path().to_path_buf()];
        let archive = archive();
        let first = archive.names.first(places, |place| archive.is_at(place));
        assert_eq!(first.unwrap(), folder.path());
    }

    #[test]
    fn names_with_a_dot_are_found() {
        let folder = folder();
        for file in TRAIN {
            let dotted = folder.path().join(file.replace("-idx", ".idx"));
            fs::rename(folder.path().join(file), dotted).unwrap();
        }
        let (train, test) = archive().load_from::<Rank1<784>>(folder.path()).unwrap();
        assert_eq!((train.len(), test.len()), (3, 1));
    }

    #[test]
    fn debians_files_hold_what_the_paper_says() {
        let folder = Path::new("/usr/share/datasets/fashion-mnist");
        if !folder.is_dir() {
            eprintln!("skipped: {} is not installed", folder.display());
            return;
        }
        let (train, test) = fashion_mnist::load_from::<Rank3<28, 28, 1>>(folder).unwrap();
        assert_eq!((train.len(), test.len()), (60_000, 10_000));
        for class in 0..10 {
            let of_class = |sample: &usize| train.label(*sample).index() == class;
            assert_eq!((0..60_000).filter(of_class).count(), 6_000);
        }
        assert_eq!(train.class_names()[train.label(0).index()], "Ankle boot");
    }
}
