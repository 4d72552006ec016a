//! The errors of data.

use super::array::ArrayFault;
use super::idx::IdxFault;
#[cfg(feature = "images")]
use super::image_folder::ImageFolderFault;
use super::npy::NpyFault;
use core::fmt::{Display, Formatter};
use std::path::{Path, PathBuf};

/// The reason why data are invalid: what was found, what was expected, and where.
#[derive(Debug)]
pub(crate) enum DataError {
    /// A file is no IDX file of the expected kind.
    Idx {
        /// The file.
        path: PathBuf,
        /// The error.
        fault: IdxFault,
    },
    /// A file of NumPy arrays, or an array in it, is invalid.
    Npy {
        /// The file.
        path: PathBuf,
        /// The name of the array in an archive.
        member: Option<String>,
        /// What is wrong with it.
        fault: NpyFault,
    },
    /// A pickle file is corrupt, malicious, or not of the expected kind.
    Pickle {
        /// The file, or the archive with the path of the file in it.
        path: PathBuf,
        /// The error.
        fault: String,
    },
    /// A `.tar.gz` archive is corrupt or lacks a file.
    Tar {
        /// The archive.
        path: PathBuf,
        /// The error.
        fault: String,
    },
    /// A file of word indices is invalid.
    WordIndex {
        /// The file.
        path: PathBuf,
        /// The error.
        fault: String,
    },
    /// No text is shorter than `maxlen`.
    NoSequence {
        /// The file.
        path: PathBuf,
        /// The limit, if there is one.
        maxlen: Option<usize>,
    },
    /// A fraction leaves no training samples.
    TestSplit {
        /// The fraction.
        found: f64,
    },
    /// A data set was not found.
    NotFound {
        /// The data set's name.
        dataset: &'static str,
        /// The places that were searched, in order.
        looked_in: Vec<PathBuf>,
        /// How to get the data set.
        remedy: &'static str,
    },
    /// A folder contains a file of a data set, but not this one.
    FileMissing {
        /// The data set's folder.
        folder: PathBuf,
        /// The file that is missing, without `.gz`.
        file: &'static str,
    },
    /// A label is not less than the number of classes.
    Label {
        /// The file with the label.
        path: PathBuf,
        /// The index of the sample, from 0.
        sample: usize,
        /// The label.
        found: usize,
        /// The number of classes.
        classes: usize,
    },
    /// The numbers of labels and images differ.
    Counts {
        /// The file with the images, and their number.
        images: (PathBuf, usize),
        /// The file with the labels, and their number.
        labels: (PathBuf, usize),
    },
    /// A slice of inputs does not match the number of labels.
    Values {
        /// The number of values.
        found: usize,
        /// The number of labels.
        samples: usize,
        /// The number of values in one sample.
        sample_len: usize,
    },
    /// An array of inputs or labels does not match the expected samples.
    Array {
        /// Which array: `the inputs`, `the labels`.
        what: &'static str,
        /// What is wrong with it.
        fault: ArrayFault,
    },
    /// The numbers of labels and inputs differ.
    ArrayCounts {
        /// The number of inputs.
        inputs: usize,
        /// The number of labels.
        labels: usize,
    },
    /// A CSV file or a column of it is invalid.
    Csv {
        /// The file; `None` for a string.
        path: Option<PathBuf>,
        /// The error.
        fault: super::csv::CsvFault,
    },
    /// A sample cannot be read from its source.
    Sample {
        /// The index of the sample, from 0.
        sample: usize,
        /// The reason.
        cause: Box<dyn core::error::Error + Send + Sync>,
    },
    /// A sample contains NaN or an infinite number.
    NotFinite {
        /// The kind of value: `input`, `label`.
        what: &'static str,
        /// The index among several inputs or labels, from 0.
        part: usize,
        /// The index of the sample, from 0.
        sample: usize,
        /// The index in the sample, row-major, from 0.
        index: usize,
        /// The number: NaN or infinite.
        found: f32,
    },
    /// A token is not in the vocabulary of the model.
    Token {
        /// The index among several inputs, from 0.
        part: usize,
        /// The index of the sample, from 0.
        sample: usize,
        /// The index in the sample, from 0.
        index: usize,
        /// The token.
        found: u16,
        /// The number of tokens in the vocabulary.
        vocabulary: usize,
    },
    /// A number in a sequence is no token.
    NoToken {
        /// The index of the sequence, from 0.
        sample: usize,
        /// The index in the sequence, from 0.
        index: usize,
        /// The number.
        found: u32,
    },
    /// Words are no vocabulary, or texts have other classes.
    Text(String),
    /// A file of weights has no vocabulary, or an invalid one.
    StoredVocabulary {
        /// The file.
        path: PathBuf,
        /// The error.
        fault: String,
    },
    /// A folder of images is invalid.
    #[cfg(feature = "images")]
    ImageFolder {
        /// The folder or the image.
        path: PathBuf,
        /// What is wrong with it.
        fault: ImageFolderFault,
    },
}

impl DataError {
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::FileMissing { .. })
    }

    pub(crate) fn is_not_finite(&self) -> bool {
        matches!(self, Self::NotFinite { .. })
    }

    pub(crate) fn is_shape(&self) -> bool {
        match self {
            Self::Idx { fault, .. } => matches!(fault, IdxFault::Sizes { .. }),
            Self::Npy { fault, .. } => matches!(fault, NpyFault::Shape { .. }),
            Self::Array { fault, .. } => matches!(
                fault,
                ArrayFault::Ragged { .. }
                    | ArrayFault::Shape { .. }
                    | ArrayFault::Labels { .. }
                    | ArrayFault::Window { .. }
            ),
            Self::Values { .. } => true,
            #[cfg(feature = "images")]
            Self::ImageFolder { fault, .. } => {
                matches!(fault, ImageFolderFault::ImageSize { .. })
            }
            _ => false,
        }
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Idx { path, .. }
            | Self::Npy { path, .. }
            | Self::Pickle { path, .. }
            | Self::Tar { path, .. }
            | Self::WordIndex { path, .. }
            | Self::NoSequence { path, .. }
            | Self::StoredVocabulary { path, .. }
            | Self::FileMissing { folder: path, .. }
            | Self::Label { path, .. }
            | Self::Counts {
                labels: (path, _), ..
            } => Some(path),
            Self::Csv { path, .. } => path.as_deref(),
            #[cfg(feature = "images")]
            Self::ImageFolder { path, .. } => Some(path),
            Self::TestSplit { .. }
            | Self::NotFound { .. }
            | Self::Values { .. }
            | Self::Array { .. }
            | Self::ArrayCounts { .. }
            | Self::Sample { .. }
            | Self::NotFinite { .. }
            | Self::Token { .. }
            | Self::NoToken { .. }
            | Self::Text(_) => None,
        }
    }

    pub(crate) fn sample(&self) -> Option<usize> {
        match self {
            Self::Label { sample, .. }
            | Self::Sample { sample, .. }
            | Self::NotFinite { sample, .. }
            | Self::Token { sample, .. }
            | Self::NoToken { sample, .. }
            | Self::Array {
                fault: ArrayFault::Class { sample, .. } | ArrayFault::Binary { sample, .. },
                ..
            } => Some(*sample),
            _ => None,
        }
    }
}

impl Display for DataError {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Idx { path, fault } => write!(f, "`{}` {fault}", path.display()),
            Self::Npy {
                path,
                member: None,
                fault,
            } => write!(f, "`{}` {fault}", path.display()),
            Self::Npy {
                path,
                member: Some(member),
                fault,
            } => write!(f, "`{}`: the array `{member}` {fault}", path.display()),
            Self::Pickle { path, fault } => {
                write!(f, "`{}` is not a valid pickle: {fault}", path.display())
            }
            Self::Tar { path, fault } => write!(f, "`{}` {fault}", path.display()),
            Self::WordIndex { path, fault } => write!(
                f,
                "`{}` is not a JSON object of words and numbers: {fault}",
                path.display()
            ),
            Self::NoSequence { path, maxlen } => {
                write!(f, "`{}` holds no sequence", path.display())?;
                match maxlen {
                    Some(maxlen) => write!(f, " shorter than `maxlen({maxlen})`"),
                    None => Ok(()),
                }
            }
            Self::TestSplit { found } => write!(
                f,
                "`test_split({found})` was found, expected a fraction from 0 up to but not including 1"
            ),
            Self::NotFound {
                dataset,
                looked_in,
                remedy,
            } => {
                write!(f, "the data set `{dataset}` was not found; looked in")?;
                for place in looked_in {
                    write!(f, "\n  `{}`", place.display())?;
                }
                write!(f, "\n{remedy}")
            }
            Self::FileMissing { folder, file } => write!(
                f,
                "`{}` lacks a file of the data set: found neither `{file}` nor `{file}.gz`",
                folder.display()
            ),
            Self::Label {
                path,
                sample,
                found,
                classes,
            } => write!(
                f,
                "`{}` labels sample {sample} as class {found}, expected a class below {classes}",
                path.display()
            ),
            Self::Counts { images, labels } => write!(
                f,
                "`{}` holds {} images, but `{}` holds {} labels; expected one label for each image",
                images.0.display(),
                images.1,
                labels.0.display(),
                labels.1
            ),
            Self::Array { what, fault } => {
                let is_ragged = matches!(fault, ArrayFault::Ragged { .. });
                let verb = match (is_ragged, *what) {
                    (false, _) => "",
                    (true, "the series") => " is",
                    (true, _) => " are",
                };
                write!(f, "{what}{verb} {fault}")
            }
            Self::ArrayCounts { inputs, labels } => write!(
                f,
                "found {inputs} inputs and {labels} labels, expected one label for each input"
            ),
            Self::Csv { path, fault } => match path {
                Some(path) => write!(f, "`{}` {fault}", path.display()),
                None => write!(f, "the table {fault}"),
            },
            Self::Values {
                found,
                samples,
                sample_len,
            } => write!(
                f,
                "found {found} input values for {samples} labels, expected {samples} × {sample_len}"
            ),
            Self::Sample { sample, cause } => write!(f, "cannot read sample {sample}: {cause}"),
            Self::NotFinite {
                what,
                part,
                sample,
                index,
                found,
            } => {
                let which = match part {
                    0 => String::new(),
                    part => format!(" {part}"),
                };
                write!(
                    f,
                    "{what}{which} of sample {sample} is {found} at index {index}, expected a finite \
                     number"
                )
            }
            Self::Token {
                part,
                sample,
                index,
                found,
                vocabulary,
            } => {
                let which = match part {
                    0 => String::new(),
                    part => format!(" {part}"),
                };
                write!(
                    f,
                    "input{which} of sample {sample} has the token {found} at index {index}, expected one \
                     below {vocabulary}, the vocabulary of the model's `Embedding`"
                )
            }
            Self::NoToken {
                sample,
                index,
                found,
            } => write!(
                f,
                "sample {sample} has {found} at index {index}, expected a token: a number up to 65535"
            ),
            Self::Text(fault) => f.write_str(fault),
            Self::StoredVocabulary { path, fault } => {
                write!(
                    f,
                    "no vocabulary can be read from `{}`: {fault}",
                    path.display()
                )
            }
            #[cfg(feature = "images")]
            Self::ImageFolder { path, fault } => write!(f, "`{}` {fault}", path.display()),
        }
    }
}

impl core::error::Error for DataError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Idx { fault, .. } => fault.source(),
            Self::Sample { cause, .. } => cause.source(),
            Self::Npy { fault, .. } => fault.source(),
            #[cfg(feature = "images")]
            Self::ImageFolder { fault, .. } => fault.source(),
            _ => None,
        }
    }
}
