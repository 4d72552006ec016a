//! Run-time errors.

use crate::data::DataError;
#[cfg(feature = "plots")]
use crate::picture::PictureError;
use crate::testing::{GradientGap, LossGap};
use crate::train::TrainError;
use crate::weights::WeightsError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The result of an operation that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A run-time error. The message says what was found, what was expected, and where.
#[non_exhaustive]
pub enum Error {
    /// The operating system reported an error for a file.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The action that failed: `read`, `create`, `rename`.
        doing: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// An I/O error from the program's own code, outside of kerust.
    System(io::Error),
    /// Invalid data.
    Data(DataError),
    /// Training could not start or continue.
    Train(TrainError),
    /// The gradient of a layer is wrong.
    Gradient(GradientGap),
    /// The derivative of a loss is wrong.
    Loss(LossGap),
    /// The weights do not fit the model.
    Weights(WeightsError),
    /// A picture could not be created.
    #[cfg(feature = "plots")]
    Picture(PictureError),
}

impl Error {
    /// Creates an [`Error::Io`] for `map_err`: `File::open(path).map_err(Error::io("open", path))`.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.into(),
            doing,
            source,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                path,
                doing,
                source,
            } => write!(f, "cannot {doing} `{}`: {source}", path.display()),
            Self::System(error) => error.fmt(f),
            Self::Data(error) => error.fmt(f),
            Self::Train(error) => error.fmt(f),
            Self::Gradient(error) => error.fmt(f),
            Self::Loss(error) => error.fmt(f),
            Self::Weights(error) => error.fmt(f),
            #[cfg(feature = "plots")]
            Self::Picture(error) => error.fmt(f),
        }
    }
}

/// Prints the same text as [`Display`](fmt::Display), because a `main` that returns [`Result`] prints its
/// error with `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    // `Display` forwards to the other variants, so the next error of the chain is their own source.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::System(error) => error.source(),
            Self::Data(error) => error.source(),
            Self::Train(error) => error.source(),
            Self::Gradient(error) => error.source(),
            Self::Loss(error) => error.source(),
            Self::Weights(error) => error.source(),
            #[cfg(feature = "plots")]
            Self::Picture(error) => error.source(),
        }
    }
}

/// Allows `?` on the program's own I/O errors in a function that returns [`Result`].
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

macro_rules! from {
    ($($(#[$cfg:meta])* $error:ident $variant:ident;)+) => {$(
        $(#[$cfg])*
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )+};
}
from! {
    DataError Data;
    TrainError Train;
    GradientGap Gradient;
    LossGap Loss;
    WeightsError Weights;
    #[cfg(feature = "plots")] PictureError Picture;
}
