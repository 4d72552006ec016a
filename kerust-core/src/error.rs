//! What can go wrong when training, reading and writing.

use crate::train::TrainError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The result of what can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: what was found, what was expected, and where.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
        /// What was being done: `read`, `create`, `rename`.
        doing: &'static str,
    },
    /// Training could not begin, or could not go on.
    Train(TrainError),
}

impl Error {
    /// An [`Error::Io`] for `map_err`: `File::open(path).map_err(Error::io("open", path))`.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.into(),
            source,
            doing,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                path,
                source,
                doing,
            } => write!(f, "cannot {doing} `{}`: {source}", path.display()),
            Self::Train(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Train(error) => Some(error),
        }
    }
}

impl From<TrainError> for Error {
    fn from(error: TrainError) -> Self {
        Self::Train(error)
    }
}
