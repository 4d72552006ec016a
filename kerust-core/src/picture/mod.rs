//! Plots of trainings, confusion matrices, and predictions on images, as SVG and PNG.
//!
//! A PNG has two pixels for each pixel of the SVG, on both axes. Its font has Latin, Greek and Cyrillic
//! letters, and other characters are drawn as boxes. An SVG uses the fonts of the viewer.

mod axis;
mod confusion;
mod cost;
mod font;
mod history;
mod panel;
mod predictions;
mod raster;
mod rates;
mod scene;

pub use confusion::ConfusionPlot;
pub use cost::LayerCostPlot;
pub use history::HistoryPlot;
pub use predictions::PredictionGrid;
pub use rates::LearningRatePlot;

use crate::error::Result;
use crate::weights::write_atomically;
use core::fmt::{Display, Formatter};
use scene::Scene;
use std::path::{Path, PathBuf};

/// The reason why a picture cannot be created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum PictureError {
    /// The path's ending names no format.
    Format {
        /// The path.
        path: PathBuf,
        /// Its extension.
        found: Option<String>,
    },
    /// The size of an image differs from that of the grid.
    ImageLen {
        /// The number of values.
        found: usize,
        /// The height, width and channels of the grid's images.
        expected: [usize; 3],
    },
    /// The samples are not images.
    NoImage {
        /// The shape of a sample.
        found: Vec<usize>,
    },
    /// There is nothing to draw.
    Empty {
        /// The path.
        path: PathBuf,
    },
    /// The picture cannot be converted to pixels.
    Raster {
        /// The path.
        path: PathBuf,
        /// The error.
        fault: String,
    },
}

impl Display for PictureError {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Format { path, found } => {
                write!(f, "cannot write the picture `{}`: found ", path.display())?;
                match found {
                    Some(ending) => write!(f, "the ending `.{ending}`")?,
                    None => f.write_str("no ending")?,
                }
                f.write_str(", expected `.svg` or `.png`")
            }
            Self::ImageLen {
                found,
                expected: [height, width, channels],
            } => write!(
                f,
                "an image of {found} values does not fit a grid of images of \
                 ({height}, {width}, {channels})"
            ),
            Self::NoImage { found } => {
                let found: Vec<String> = found.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "a sample of the shape ({}) is not an image, expected (height, width) or (height, width, \
                     channels) of 1, 3 or 4 channels",
                    found.join(", ")
                )
            }
            Self::Empty { path } => write!(
                f,
                "the picture `{}` would be empty: there is nothing to draw",
                path.display()
            ),
            Self::Raster { path, fault } => {
                write!(f, "cannot draw the picture `{}`: {fault}", path.display())
            }
        }
    }
}

impl core::error::Error for PictureError {}

impl PictureError {
    pub(crate) fn is_shape(&self) -> bool {
        matches!(self, Self::ImageLen { .. } | Self::NoImage { .. })
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Format { path, .. } | Self::Empty { path } | Self::Raster { path, .. } => {
                Some(path)
            }
            Self::ImageLen { .. } | Self::NoImage { .. } => None,
        }
    }
}

/// What a path's ending asks for.
#[derive(Clone, Copy)]
enum Format {
    Svg,
    Png,
}

impl Format {
    fn of(path: &Path) -> Result<Self, PictureError> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(PictureError::Format {
                path: path.to_path_buf(),
                found: ending,
            }),
        }
    }
}

/// Writes the result of `draw` in the format that the extension selects.
fn save(path: &Path, draw: impl FnOnce() -> Option<Scene>) -> Result<()> {
    let format = Format::of(path)?;
    let Some(scene) = draw() else {
        let path = path.to_path_buf();
        return Err(PictureError::Empty { path }.into());
    };
    let bytes = match format {
        Format::Svg => scene.svg().into_bytes(),
        Format::Png => raster::png(&scene).map_err(|error| PictureError::Raster {
            path: path.to_path_buf(),
            fault: error.to_string(),
        })?,
    };
    write_atomically(path, |file| file.write_all(&bytes))
}
