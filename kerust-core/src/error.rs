//! What can go wrong at run time.

use crate::data::DataError;
#[cfg(feature = "plots")]
use crate::picture::PictureError;
use crate::testing::{GradientGap, LossGap};
use crate::train::TrainError;
use crate::weights::WeightsError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The result of what can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: what was found, what was expected, and where.
#[non_exhaustive]
pub enum Error {
    /// The system refused a file.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: `read`, `create`, `rename`.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something that a program asked of it beside kerust.
    System(io::Error),
    /// Data that is not what it should be.
    Data(DataError),
    /// Training could not begin, or could not go on.
    Train(TrainError),
    /// A layer whose gradient is wrong.
    Gradient(GradientGap),
    /// A loss whose derivative is wrong.
    Loss(LossGap),
    /// Weights that do not fit.
    Weights(WeightsError),
    /// A picture that cannot be made.
    #[cfg(feature = "plots")]
    Picture(PictureError),
}

impl Error {
    /// An [`Error::Io`] for `map_err`: `File::open(path).map_err(Error::io("open", path))`.
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

/// As [`Display`](fmt::Display): a `main` that returns [`Result`] prints an error by `Debug`, and a
/// person reads it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    // The other variants are shown as they are, so their own source comes next in the chain.
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

/// So that `?` works on a program's own files in a function that returns [`Result`].
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
