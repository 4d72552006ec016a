//! Data sets from folders of images, one folder for each class: Keras's `image_dataset_from_directory`.
//!
//! The classes are the class folders sorted by name. The images of a class are in its folder and all
//! subfolders. The differences to Keras 3 are:
//!
//! - Resized pixels are rounded to integers, so that an image takes one byte for each value. PNG images are
//!   within half a level of Keras's, and 16-bit color images read as gray within one and a half.
//! - The colors of a JPEG differ by a few levels, at most twelve in tests: TensorFlow uses a faster, less
//!   exact transform and another interpolation of the colors.
//! - Nothing is shuffled without a seed, and the order for a seed is kerust's own.
//! - WebP can be read too. The palette of a BMP is applied, which TensorFlow ignores.
//! - A class folder without images is an error and is not ignored.
//! - A broken image is an error wherever TensorFlow reports one, and also if its values are corrupt. One
//!   error lists all broken images of a folder. [`skip_broken`](ImageFolder::skip_broken) ignores them
//!   instead.

pub(super) mod decode;
mod fault;
mod index;
mod kinds;

pub use decode::MAX_PIXELS;
pub(crate) use fault::{BrokenImages, ImageFolderFault};
pub use kinds::{ClassLabel, ImageShape};

use super::{DataError, Dataset, TensorColumn};
use crate::error::Result;
use crate::layers::Interpolation;
use crate::rng::Seed;
use decode::Resize;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A data set of images to be loaded from a folder for each class.
///
/// ```no_run
/// # use kerust::{data::{Class, Dataset, ImageFolder}, error, rng::Seed, tensor::Rank3};
/// # fn main() -> error::Result<()> {
/// let train: Dataset<Rank3<28, 28, 3>, Class<24>> = ImageFolder::open("signs/train")
///     .image_size(28, 28)
///     .shuffle(Seed(1))
///     .load()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[must_use = "nothing is read before `load`"]
pub struct ImageFolder {
    path: PathBuf,
    size: Option<[usize; 2]>,
    seed: Option<Seed>,
    validation_split: Option<f64>,
    subset: Option<Subset>,
    skip_broken: bool,
    class_names: Option<Vec<String>>,
    resize: Resize,
    quiet: bool,
}

/// The training or the validation images of a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subset {
    /// All but the validation images.
    Training,
    /// The last images: the fraction that is given to [`ImageFolder::validation_split`].
    Validation,
}

impl ImageFolder {
    /// Opens the folder that contains a folder for each class.
    pub fn open(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
            size: None,
            seed: None,
            validation_split: None,
            subset: None,
            skip_broken: false,
            class_names: None,
            resize: Resize::default(),
            quiet: false,
        }
    }

    /// Sets the order of the class folders; by default they are sorted by name. As in Keras, all folders must
    /// be named.
    pub fn class_names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.class_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets how images are resized; bilinear by default.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.resize.interpolation = interpolation;
        self
    }

    /// Sets whether images are cropped to the aspect ratio of the model's input, so that they are not
    /// distorted. Disabled by default.
    pub fn crop_to_aspect_ratio(mut self, crop: bool) -> Self {
        self.resize.crop_to_aspect_ratio = crop;
        self
    }

    /// Does not print the number of files found.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Sets the height and width to which images are resized: bilinear, without antialiasing, as in Keras.
    /// The size must be that of the model's input, which is also the default.
    pub fn image_size(mut self, height: usize, width: usize) -> Self {
        self.size = Some([height, width]);
        self
    }

    /// Shuffles the images before they are split. The same seed gives the same order.
    pub fn shuffle(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Reserves a fraction of the images for validation. It needs [`subset`](Self::subset), and
    /// [`shuffle`](Self::shuffle) with the same seed for both parts; without shuffling, the validation images
    /// are all from the last classes.
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.validation_split = Some(fraction);
        self
    }

    /// Sets which part of a [`validation_split`](Self::validation_split) to read.
    pub fn subset(mut self, subset: Subset) -> Self {
        self.subset = Some(subset);
        self
    }

    /// Skips broken images, and prints their number and the first ten names to the standard error stream.
    /// Without this call they are an error.
    pub fn skip_broken(mut self) -> Self {
        self.skip_broken = true;
        self
    }

    /// Loads the images.
    ///
    /// The types determine the result. Inputs are `Rank2<H, W>` and `Rank3<H, W, 1>` (grayscale), `Rank3<H,
    /// W, 3>` (RGB) or `Rank3<H, W, 4>` (with alpha), with values from 0 to 255. Labels are
    /// [`Class<N>`](super::Class), a one-hot `Rank1<N>`, or [`Binary`](super::Binary) for two folders (the
    /// second is class 1).
    ///
    /// # Errors
    /// Returns an error if the folder is missing; the number of class folders differs from the number of
    /// classes; a class folder has no images; some files are not complete images, have more than
    /// [`MAX_PIXELS`] pixels, or are not regular files (all of them in one error); the image size differs
    /// from that of the type; a split has no subset, or is not between 0 and 1; there is not enough memory.
    ///
    /// # Cost
    /// Memory of one byte for each value. Images are decoded on all threads.
    pub fn load<X: ImageShape, Y: ClassLabel>(&self) -> Result<Dataset<X, Y>> {
        let expected = [X::HEIGHT, X::WIDTH];
        if let Some(found) = self.size.filter(|size| *size != expected) {
            return Err(self.fault(ImageFolderFault::ImageSize { found, expected }));
        }
        let classes = self.classes(<Y as ClassLabel>::CLASSES)?;
        let mut images = Vec::new();
        for (class, (_, folder)) in classes.iter().enumerate() {
            let paths = index::images(folder)?;
            images.extend(paths.into_iter().map(|path| (path, class)));
        }
        if let Some(seed) = self.seed {
            images.shuffle(&mut seed.rng());
        }
        let (total, folders) = (images.len(), classes.len());
        let mut images = self.part(images)?;
        if !self.quiet {
            let used = match self.subset {
                None => String::new(),
                Some(Subset::Training) => format!(", using {} for training", images.len()),
                Some(Subset::Validation) => format!(", using {} for validation", images.len()),
            };
            let folder = self.path.display();
            eprintln!("found {total} files of {folders} classes in `{folder}`{used}");
        }

        let len = images.len().checked_mul(X::LEN);
        let pixels = len.and_then(|len| decode::room(len).ok());
        let mut pixels = pixels.ok_or_else(|| {
            self.fault(ImageFolderFault::Memory {
                images: images.len(),
                image_bytes: X::LEN,
            })
        })?;
        let slots = images.par_iter().zip(pixels.par_chunks_exact_mut(X::LEN));
        let outcomes: Vec<Result<(), String>> = slots
            .map(|((path, _), slot)| decode::read(path, X::CHANNELS, expected, self.resize, slot))
            .collect();
        if let Some(broken) = broken(&images, &outcomes) {
            if !self.skip_broken || broken.count == images.len() {
                return Err(self.fault(ImageFolderFault::Broken(broken)));
            }
            eprintln!("`{}` was read without {broken}", self.path.display());
            keep_whole(&mut images, &mut pixels, X::LEN, &outcomes);
        }

        let mut labels = Y::Column::default();
        images
            .iter()
            .for_each(|(_, class)| Y::push_class(&mut labels, *class));
        let names = classes.into_iter().map(|(name, _)| name).collect();
        let pixels = TensorColumn::Byte(pixels);
        Ok(Dataset::from_columns(pixels, labels, images.len(), names))
    }

    /// Loads both parts of a [`validation_split`](Self::validation_split): Keras's `subset = "both"`.
    ///
    /// # Errors
    /// The same as [`load`](Self::load).
    pub fn load_both<X: ImageShape, Y: ClassLabel>(
        &self,
    ) -> Result<(Dataset<X, Y>, Dataset<X, Y>)> {
        let part = |subset| self.clone().subset(subset).load();
        Ok((part(Subset::Training)?, part(Subset::Validation)?))
    }

    /// The class folders, in the order of the class numbers.
    fn classes(&self, expected: usize) -> Result<Vec<(String, PathBuf)>> {
        let mut classes = index::class_folders(&self.path)?;
        let names =
            |classes: &[(String, PathBuf)]| classes.iter().map(|(name, _)| name.clone()).collect();
        if let Some(wanted) = &self.class_names {
            let place = |name: &String| wanted.iter().position(|other| other == name);
            let is_all = classes.iter().all(|(name, _)| place(name).is_some());
            if !is_all || classes.len() != wanted.len() {
                return Err(self.fault(ImageFolderFault::ClassNames {
                    found: wanted.clone(),
                    expected: names(&classes),
                }));
            }
            classes.sort_by_key(|(name, _)| place(name));
        }
        if classes.len() != expected {
            let found = names(&classes);
            return Err(self.fault(ImageFolderFault::Classes { found, expected }));
        }
        Ok(classes)
    }

    /// The images of the subset. As in Keras, the validation images are the last ones, and their number is
    /// rounded down.
    fn part(&self, mut images: Vec<Image>) -> Result<Vec<Image>> {
        let (fraction, subset) = match (self.validation_split, self.subset) {
            (None, None) => return Ok(images),
            (Some(fraction), Some(subset)) => (fraction, subset),
            (None, Some(_)) => return Err(self.fault(ImageFolderFault::SubsetWithoutSplit)),
            (Some(_), None) => return Err(self.fault(ImageFolderFault::SplitWithoutSubset)),
        };
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(self.fault(ImageFolderFault::Split { found: fraction }));
        }
        let total = images.len();
        let training = total - (fraction * total as f64) as usize;
        let part = match subset {
            Subset::Training => {
                images.truncate(training);
                images
            }
            Subset::Validation => images.split_off(training),
        };
        if part.is_empty() {
            return Err(self.fault(ImageFolderFault::EmptyPart { total, fraction }));
        }
        Ok(part)
    }

    fn fault(&self, fault: ImageFolderFault) -> crate::error::Error {
        refuse(&self.path, fault)
    }
}

/// An image's file and its class.
type Image = (PathBuf, usize);

/// The images that could not be read.
fn broken(images: &[Image], outcomes: &[Result<(), String>]) -> Option<BrokenImages> {
    let faults = core::iter::zip(images, outcomes)
        .filter_map(|((path, _), outcome)| Some((path, outcome.as_ref().err()?)));
    let first = faults.clone().take(10);
    let broken = BrokenImages {
        first: first
            .map(|(path, fault)| (path.clone(), fault.clone()))
            .collect(),
        count: faults.count(),
        of: images.len(),
    };
    (broken.count > 0).then_some(broken)
}

/// Moves the complete images together, and drops the others.
fn keep_whole(
    images: &mut Vec<Image>,
    pixels: &mut Vec<u8>,
    len: usize,
    outcomes: &[Result<(), String>],
) {
    let whole: Vec<usize> = (0..images.len()).filter(|i| outcomes[*i].is_ok()).collect();
    for (to, from) in whole.iter().enumerate() {
        pixels.copy_within(from * len..(from + 1) * len, to * len);
        images.swap(to, *from);
    }
    images.truncate(whole.len());
    pixels.truncate(whole.len() * len);
}

/// The error for a folder or an image.
pub(super) fn refuse(path: &Path, fault: ImageFolderFault) -> crate::error::Error {
    let path = path.to_path_buf();
    DataError::ImageFolder { path, fault }.into()
}

#[cfg(test)]
mod tests;
