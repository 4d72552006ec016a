//! What can go wrong at run time.

use crate::data::DataError;
use crate::weights::WeightsError;
use std::path::PathBuf;

/// The result of what can fail.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why a call failed. Nothing that the call would have changed is changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The system refused a file.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: `read`, `write`.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Data that is not what it should be.
    Data(DataError),
    /// Weights that do not fit.
    Weights(WeightsError),
    /// A picture that cannot be made.
    #[cfg(feature = "plots")]
    Picture(crate::picture::PictureError),
}

impl Error {
    /// An [`Error::Io`] for `map_err`: `File::open(path).map_err(Error::io("open", path))`.
    pub fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            path: path.into(),
            doing,
            source,
        }
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Io {
                path,
                doing,
                source,
            } => write!(f, "cannot {doing} `{}`: {source}", path.display()),
            Self::Data(error) => error.fmt(f),
            Self::Weights(error) => error.fmt(f),
            #[cfg(feature = "plots")]
            Self::Picture(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Data(error) => error.source(),
            Self::Weights(error) => error.source(),
            #[cfg(feature = "plots")]
            Self::Picture(error) => error.source(),
        }
    }
}

impl From<DataError> for Error {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

impl From<WeightsError> for Error {
    fn from(error: WeightsError) -> Self {
        Self::Weights(error)
    }
}

#[cfg(feature = "plots")]
impl From<crate::picture::PictureError> for Error {
    fn from(error: crate::picture::PictureError) -> Self {
        Self::Picture(error)
    }
}
