//! Images with the predictions of a model.

use super::PictureError;
use super::font::Font;
use super::scene::{Anchor, Colour, Element, Scene};
use crate::error::Result;
use std::path::Path;

const GREEN: Colour = [0x00, 0x70, 0x3c];
const RED: Colour = [0xc6, 0x28, 0x28];
/// The approximate height or width of an image. It is a whole multiple of its pixels.
const IMAGE_SIDE: usize = 140;
const GAP: f64 = 18.0;
const LINE_HEIGHT: f64 = 17.0;

/// A grid of images. Below each is the predicted class with its score and the true class, in green if they
/// are equal and in red if not.
#[derive(Clone, PartialEq, Debug)]
pub struct PredictionGrid {
    size: [usize; 3],
    columns: usize,
    cells: Vec<Cell>,
}

#[derive(Clone, PartialEq, Debug)]
struct Cell {
    pixels: Vec<Colour>,
    captions: [String; 2],
    correct: bool,
}

impl PredictionGrid {
    /// Creates a grid for images of `height` × `width` pixels with `channels` values: 1 (grayscale), 3 (RGB)
    /// or 4, of which the fourth is ignored.
    ///
    /// # Panics
    /// Panics if a size is 0, or the number of channels is another one.
    pub fn new(height: usize, width: usize, channels: usize) -> Self {
        assert!(
            height > 0 && width > 0 && [1, 3, 4].contains(&channels),
            "a grid takes images of 1, 3 or 4 channels, found ({height}, {width}, {channels})"
        );
        Self {
            size: [height, width, channels],
            columns: 5,
            cells: Vec::new(),
        }
    }

    /// Sets the number of images in a row; 5 by default.
    ///
    /// # Panics
    /// Panics if it is 0.
    pub fn columns(mut self, columns: usize) -> Self {
        assert!(columns > 0, "a grid has at least one column");
        self.columns = columns;
        self
    }

    /// Appends an image, row-major, with values from 0 to 255, the names of the predicted and the true class,
    /// and the score of the prediction from 0 to 1.
    ///
    /// # Errors
    /// Returns an error if the image does not have the size of the grid.
    pub fn push(
        &mut self,
        image: &[impl Copy + Into<f32>],
        predicted: &str,
        score: f32,
        truth: &str,
    ) -> Result<()> {
        let [height, width, channels] = self.size;
        if image.len() != height * width * channels {
            return Err(PictureError::ImageLen {
                found: image.len(),
                expected: self.size,
            }
            .into());
        }
        // A cast to `u8` saturates, and converts NaN to 0.
        let level = |value: f32| value.round() as u8;
        let pixels = image.chunks_exact(channels).map(|pixel| {
            let channel = |place: usize| level(pixel[place.min(channels - 1)].into());
            [channel(0), channel(1), channel(2)]
        });
        self.cells.push(Cell {
            pixels: pixels.collect(),
            captions: [
                format!("{predicted} {:.0}%", 100.0 * score),
                format!("true: {truth}"),
            ],
            correct: predicted == truth,
        });
        Ok(())
    }

    /// Writes the picture to a file. The extension of the path, `.svg` or `.png`, selects the format.
    ///
    /// # Errors
    /// Returns an error if the path has another extension, there are no images, or the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        super::save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Option<Scene> {
        let captions = self.cells.iter().flat_map(|cell| &cell.captions);
        let widths = captions.map(|caption| Font::get().width(caption));
        // The viewer of an SVG may use wider fonts.
        let caption_width = 1.1 * widths.reduce(f64::max)?;
        let [height, width, _] = self.size;
        let zoom = (IMAGE_SIDE / height.max(width)).max(1) as f64;
        let [image_width, image_height] = [width, height].map(|size| zoom * size as f64);
        // Integers, so that the pixels of the images match pixels of the picture.
        let cell_width = image_width.max(caption_width.ceil()) + GAP;
        let cell_height = image_height + 2.0 * LINE_HEIGHT + GAP;
        let columns = self.columns.min(self.cells.len());
        let rows = self.cells.len().div_ceil(columns);
        let mut scene = Scene {
            size: [
                columns as f64 * cell_width + GAP,
                rows as f64 * cell_height + GAP,
            ],
            elements: Vec::new(),
        };
        for (place, cell) in self.cells.iter().enumerate() {
            let left = GAP + (place % columns) as f64 * cell_width;
            let x = left + ((cell_width - GAP - image_width) / 2.0).floor();
            let y = GAP + (place / columns) as f64 * cell_height;
            scene.elements.push(Element::Image {
                at: [x, y],
                zoom,
                columns: width,
                pixels: cell.pixels.clone(),
            });
            let colour = if cell.correct { GREEN } else { RED };
            scene.frame([x, y], [image_width, image_height], 2.0, colour);
            for (line, caption) in cell.captions.iter().enumerate() {
                let below = 2.0 + (line + 1) as f64 * LINE_HEIGHT;
                let at = [x + image_width / 2.0, y + image_height + below];
                scene.text(at, Anchor::Middle, colour, caption.clone());
            }
        }
        Some(scene)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> PredictionGrid {
        let mut grid = PredictionGrid::new(2, 3, 1).columns(2);
        grid.push(&[0u8, 0, 255, 9, 9, 9], "Bag", 0.987, "Bag")
            .unwrap();
        grid.push(&[0.0f32; 6], "Coat", 0.5, "<Shirt>").unwrap();
        grid
    }

    #[test]
    fn captions_name_both_classes_and_the_score() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grid.svg");
        grid().save(&path).unwrap();
        let svg = std::fs::read_to_string(path).unwrap();
        assert_eq!(svg.matches(r#"shape-rendering="crispEdges""#).count(), 2);
        for text in ["Bag 99%", "true: Bag", "Coat 50%", "true: &lt;Shirt&gt;"] {
            assert!(svg.contains(text), "{text}");
        }
    }

    #[test]
    fn an_image_of_another_size_is_refused() {
        let outcome = grid().push(&[0u8; 7], "Bag", 1.0, "Bag");
        assert_eq!(
            outcome.unwrap_err().to_string(),
            "an image of 7 values does not fit a grid of images of (2, 3, 1)"
        );
    }

    #[test]
    fn an_empty_grid_is_refused() {
        let outcome = PredictionGrid::new(2, 3, 3).save("x.png");
        assert!(outcome.unwrap_err().to_string().contains("would be empty"));
    }
}
