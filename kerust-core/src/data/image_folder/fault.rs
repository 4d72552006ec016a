//! The errors of image folders.

use core::fmt::{Display, Formatter};
use std::path::PathBuf;

/// The reason why a folder of images, or an image in it, is invalid.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ImageFolderFault {
    /// There is no folder in the folder.
    NoClassFolders,
    /// The number of class folders differs from the number of classes.
    Classes {
        /// The folders, in order.
        found: Vec<String>,
        /// The number of classes.
        expected: usize,
    },
    /// `class_names` differ from the folders.
    ClassNames {
        /// The names.
        found: Vec<String>,
        /// The folders, in order.
        expected: Vec<String>,
    },
    /// A class folder contains no images.
    NoImages {
        /// The extensions of the files in it.
        skipped: Vec<String>,
    },
    /// Files that are not complete images.
    Broken(BrokenImages),
    /// A file that is not a complete image.
    Image(String),
    /// There is not enough memory for the images.
    Memory {
        /// The number of images.
        images: usize,
        /// The size of an image in bytes.
        image_bytes: usize,
    },
    /// `image_size` differs from the size of the model's input.
    ImageSize {
        /// The requested size: height and width.
        found: [usize; 2],
        /// The size of the type.
        expected: [usize; 2],
    },
    /// A fraction leaves no training or no validation images.
    Split {
        /// The fraction.
        found: f64,
    },
    /// `validation_split` without `subset`.
    SplitWithoutSubset,
    /// `subset` without `validation_split`.
    SubsetWithoutSplit,
    /// The split leaves the subset without images.
    EmptyPart {
        /// The number of images in the folder.
        total: usize,
        /// The fraction of them for validation.
        fraction: f64,
    },
}

/// The files of a folder that are not complete images.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct BrokenImages {
    /// The first ten, each with what is wrong with it.
    pub first: Vec<(PathBuf, String)>,
    /// The number of such files.
    pub count: usize,
    /// The number of files that were read.
    pub of: usize,
}

impl Display for BrokenImages {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { first, count, of } = self;
        let (files, are) = match of {
            1 => ("file", "is"),
            _ => ("files", "are"),
        };
        write!(f, "{count} of {of} image {files} that {are} broken:")?;
        for (path, fault) in first {
            write!(f, "\n  `{}` {fault}", path.display())?;
        }
        match count - first.len() {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl Display for ImageFolderFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoClassFolders => {
                f.write_str("holds no folder: expected a folder of images for each class")
            }
            Self::Classes { found, expected } => write!(
                f,
                "holds {} class folders, expected {expected}: found `{}`",
                found.len(),
                found.join("`, `")
            ),
            Self::Image(fault) => f.write_str(fault),
            Self::ClassNames { found, expected } => write!(
                f,
                "holds the class folders `{}`, found `class_names` of `{}`: expected each folder once",
                expected.join("`, `"),
                found.join("`, `")
            ),
            Self::NoImages { skipped } if skipped.is_empty() => {
                write!(
                    f,
                    "holds no file: expected images of its class: {}",
                    endings()
                )
            }
            Self::NoImages { skipped } => write!(
                f,
                "holds no image: found only files with {}, expected {}",
                skipped.join(", "),
                endings()
            ),
            Self::Broken(broken) => write!(
                f,
                "holds {broken}\nfix or remove them, or read the folder with `skip_broken()`"
            ),
            Self::Memory {
                images,
                image_bytes,
            } => write!(
                f,
                "holds {images} images of {image_bytes} bytes each as the model takes them, more \
                 than there is memory for"
            ),
            Self::ImageSize { found, expected } => write!(
                f,
                "is to be read with `image_size({}, {})`, but the model takes images of ({}, {})",
                found[0], found[1], expected[0], expected[1]
            ),
            Self::Split { found } => write!(
                f,
                "is to be read with `validation_split({found})`, expected a fraction between 0 and 1"
            ),
            Self::SplitWithoutSubset => f.write_str(
                "is to be read with `validation_split`, but `subset` does not say which part",
            ),
            Self::SubsetWithoutSplit => f.write_str(
                "is to be read with `subset`, but `validation_split` does not say how large it is",
            ),
            Self::EmptyPart { total, fraction } => write!(
                f,
                "holds {total} images: `validation_split({fraction})` leaves none in this subset"
            ),
        }
    }
}

/// The file extensions of images, for a message.
fn endings() -> String {
    format!(".{}", super::index::ENDINGS.join(", ."))
}

impl core::error::Error for ImageFolderFault {}
