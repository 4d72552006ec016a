//! Errors at run time.

use crate::data::DataError;
#[cfg(feature = "plots")]
use crate::picture::PictureError;
use crate::testing::{ActivationGap, GradientGap, LossGap, RegularizerGap};
use crate::train::{History, TrainError};
use crate::weights::{Difference, WeightsError};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of an operation that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with what was found, what was expected, and where.
///
/// Its text is for people. A program that must tell one error from another asks it: questions may be added, and
/// what there is may be told more finely, without a change for those who ask.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Iris: Input(4) => Dense(16, relu) => Dense(3, softmax) }
///
/// let model = match Iris::load("no-such-file.safetensors") {
///     Ok(model) => model,
///     Err(error) if error.is_not_found() => Iris::new(Seed(1)),
///     Err(error) => panic!("{error}"),
/// };
/// # assert_eq!(Iris::load("no-such-file.safetensors").err().unwrap().path(), Some("no-such-file.safetensors".as_ref()));
/// # let _ = model;
/// ```
// A box, so that a result is as small as its value.
pub struct Error(Box<Kind>);

/// What an [`Error`] is about.
pub(crate) enum Kind {
    /// The system refused a file.
    Io {
        path: PathBuf,
        /// The action that failed: `read`, `create`, `rename`.
        doing: &'static str,
        source: io::Error,
    },
    /// An I/O error from the program's own code, outside of kerust.
    System(io::Error),
    Data(DataError),
    Train(TrainError),
    Gradient(GradientGap),
    Loss(LossGap),
    Regularizer(RegularizerGap),
    Activation(ActivationGap),
    Weights(WeightsError),
    #[cfg(feature = "plots")]
    Picture(PictureError),
}

impl Error {
    /// An error of the system with a file, for `map_err`: `File::open(path).map_err(Error::io("open", path))`.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            let path = path.into();
            Self(Box::new(Kind::Io {
                path,
                doing,
                source,
            }))
        }
    }

    /// Whether the system refused an operation. What it said is the [`source`](std::error::Error::source) of an
    /// error with a [`path`](Self::path).
    pub fn is_io(&self) -> bool {
        matches!(self.kind(), Kind::Io { .. } | Kind::System(_))
    }

    /// Whether a file, a folder or a data set does not exist.
    pub fn is_not_found(&self) -> bool {
        match self.kind() {
            Kind::Io { source, .. } | Kind::System(source) => {
                source.kind() == io::ErrorKind::NotFound
            }
            Kind::Data(error) => error.is_not_found(),
            _ => false,
        }
    }

    /// Whether data was refused: samples, labels, or a file of them.
    pub fn is_data(&self) -> bool {
        matches!(self.kind(), Kind::Data(_))
    }

    /// Whether a file of weights was refused, or a file that weights were to be saved to.
    pub fn is_weights(&self) -> bool {
        matches!(self.kind(), Kind::Weights(_))
    }

    /// Whether a training could not begin, or could not go on.
    pub fn is_training(&self) -> bool {
        matches!(self.kind(), Kind::Train(_))
    }

    /// Whether the gradient of a layer, or the derivative of a loss, is wrong.
    pub fn is_gradient(&self) -> bool {
        matches!(self.kind(), Kind::Gradient(_) | Kind::Loss(_))
    }

    /// Whether a picture cannot be made.
    #[cfg(feature = "plots")]
    pub fn is_picture(&self) -> bool {
        matches!(self.kind(), Kind::Picture(_))
    }

    /// Whether sizes do not fit: those of a tensor of weights, of an array, or of an image.
    pub fn is_shape(&self) -> bool {
        match self.kind() {
            Kind::Data(error) => error.is_shape(),
            Kind::Weights(error) => error.is_shape(),
            #[cfg(feature = "plots")]
            Kind::Picture(error) => error.is_shape(),
            _ => false,
        }
    }

    /// Whether a number is NaN or infinite: in the data, in the loss, or in a setting.
    pub fn is_not_finite(&self) -> bool {
        match self.kind() {
            Kind::Data(error) => error.is_not_finite(),
            Kind::Train(error) => error.is_not_finite(),
            _ => false,
        }
    }

    /// The file or the folder, if the error is about one.
    pub fn path(&self) -> Option<&Path> {
        match self.kind() {
            Kind::Io { path, .. } => Some(path),
            Kind::Data(error) => error.path(),
            Kind::Train(error) => error.path(),
            Kind::Weights(error) => Some(error.path()),
            #[cfg(feature = "plots")]
            Kind::Picture(error) => error.path(),
            _ => None,
        }
    }

    /// The number of the sample, from 0, if the error is about one.
    pub fn sample(&self) -> Option<usize> {
        match self.kind() {
            Kind::Data(error) => error.sample(),
            _ => None,
        }
    }

    /// The epochs that were done before the loss was not finite.
    pub fn history(&self) -> Option<&History> {
        match self.kind() {
            Kind::Train(error) => error.history(),
            _ => None,
        }
    }

    /// Where a file of weights and a model differ; empty for other errors.
    pub fn differences(&self) -> &[Difference] {
        match self.kind() {
            Kind::Weights(error) => error.differences(),
            _ => &[],
        }
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Kind::Io {
                path,
                doing,
                source,
            } => write!(f, "cannot {doing} `{}`: {source}", path.display()),
            Kind::System(error) => error.fmt(f),
            Kind::Data(error) => error.fmt(f),
            Kind::Train(error) => error.fmt(f),
            Kind::Gradient(error) => error.fmt(f),
            Kind::Loss(error) => error.fmt(f),
            Kind::Regularizer(error) => error.fmt(f),
            Kind::Activation(error) => error.fmt(f),
            Kind::Weights(error) => error.fmt(f),
            #[cfg(feature = "plots")]
            Kind::Picture(error) => error.fmt(f),
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
    // The other kinds are shown as they are, so their own source comes next in the chain.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.kind() {
            Kind::Io { source, .. } => Some(source),
            Kind::System(error) => error.source(),
            Kind::Data(error) => error.source(),
            Kind::Train(error) => error.source(),
            Kind::Gradient(error) => error.source(),
            Kind::Loss(error) => error.source(),
            Kind::Regularizer(error) => error.source(),
            Kind::Activation(error) => error.source(),
            Kind::Weights(error) => error.source(),
            #[cfg(feature = "plots")]
            Kind::Picture(error) => error.source(),
        }
    }
}

/// Allows `?` on the program's own I/O errors in a function that returns [`Result`].
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self(Box::new(Kind::System(error)))
    }
}

macro_rules! from {
    ($($(#[$attribute:meta])* $error:ident $kind:ident;)+) => {$(
        $(#[$attribute])*
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self(Box::new(Kind::$kind(error)))
            }
        }
    )+};
}
from! {
    GradientGap Gradient;
    LossGap Loss;
    RegularizerGap Regularizer;
    ActivationGap Activation;
    #[doc(hidden)] DataError Data;
    #[doc(hidden)] TrainError Train;
    #[doc(hidden)] WeightsError Weights;
    #[cfg(feature = "plots")] #[doc(hidden)] PictureError Picture;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_not_found_and_has_its_path_and_what_the_system_said() {
        let error = std::fs::read("no/such/file").map_err(Error::io("read", "no/such/file"));
        let error = error.unwrap_err();
        assert!(error.is_io() && error.is_not_found());
        assert!(!error.is_data() && !error.is_weights() && !error.is_training());
        assert_eq!(error.path(), Some(Path::new("no/such/file")));
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn a_sample_that_is_not_finite_is_named() {
        let error = Error::from(DataError::NotFinite {
            what: "input",
            part: 0,
            sample: 17,
            index: 3,
            found: f32::NAN,
        });
        assert!(error.is_data() && error.is_not_finite() && !error.is_shape());
        assert_eq!(error.sample(), Some(17));
        assert_eq!(error.path(), None);
    }

    #[test]
    fn weights_of_another_shape_are_told_from_those_of_another_name() {
        let path = PathBuf::from("net.safetensors");
        let of = |difference| {
            Error::from(WeightsError::Mismatch {
                path: path.clone(),
                found: None,
                expected: Some("Net"),
                differences: vec![difference],
            })
        };
        let shape = of(Difference::Shape {
            name: "dense.kernel".into(),
            stored: None,
            found: vec![4, 5],
            expected: vec![4, 3],
        });
        let missing = of(Difference::Missing {
            name: "dense.bias".into(),
            expected: vec![3],
        });
        assert!(shape.is_weights() && shape.is_shape());
        assert!(missing.is_weights() && !missing.is_shape());
        assert_eq!(missing.path(), Some(path.as_path()));
        assert_eq!(missing.differences().len(), 1);
    }
}
