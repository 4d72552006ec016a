//! What can be wrong with a folder of images.

use core::fmt::{Display, Formatter};

/// Why a folder of images, or an image in it, was refused.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum ImageFolderFault {
    /// There is no folder in the folder.
    NoClassFolders,
    /// There are more or fewer class folders than classes.
    Classes {
        /// The folders, in order.
        found: Vec<String>,
        /// The number of classes.
        expected: usize,
    },
    /// A class folder without images.
    NoImages {
        /// The endings of the files that were seen.
        skipped: Vec<String>,
    },
    /// An image of a format that Keras reads and kerust does not.
    Format {
        /// The file's ending.
        found: String,
    },
    /// A file that is no image, or a corrupt one.
    Undecodable(String),
    /// `image_size` is not the size of the model's input.
    ImageSize {
        /// The size asked for: height and width.
        found: [usize; 2],
        /// The size of the type.
        expected: [usize; 2],
    },
    /// A fraction that leaves no training or no validation images.
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
            Self::NoImages { skipped } if skipped.is_empty() => {
                f.write_str("holds no file: expected .png, .jpg or .jpeg images of its class")
            }
            Self::NoImages { skipped } => write!(
                f,
                "holds no image: found only files with {}, expected .png, .jpg or .jpeg",
                skipped.join(", ")
            ),
            Self::Format { found } => write!(
                f,
                "is an image of a format that is not read: found .{found}, expected .png, .jpg or \
                 .jpeg"
            ),
            Self::Undecodable(error) => {
                write!(
                    f,
                    "cannot be decoded, expected a PNG or JPEG image: {error}"
                )
            }
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

impl core::error::Error for ImageFolderFault {}
