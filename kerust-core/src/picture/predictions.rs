//! Images with what a model takes them for.

use super::PictureError;
use crate::error::Result;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};
use std::path::Path;

const GREEN: Color = Color::Rgb(0x00, 0x70, 0x3c);
const RED: Color = Color::Rgb(0xc6, 0x28, 0x28);
/// An image is drawn about this high or wide, in whole multiples of its pixels.
const IMAGE_SIDE: usize = 140;
const GAP: f64 = 18.0;
const FONT_SIZE: u32 = 13;
const LINE_HEIGHT: f64 = 17.0;
/// Width of a character of bold DejaVu Sans, a wide font, in font sizes: more than the average.
const CHARACTER_WIDTH: f64 = 0.72;

/// A grid of images, below each the predicted class with its score and the true class: green where
/// they are one, red where not.
#[derive(Clone, PartialEq, Debug)]
pub struct PredictionGrid {
    size: [usize; 3],
    columns: usize,
    cells: Vec<Cell>,
}

#[derive(Clone, PartialEq, Debug)]
struct Cell {
    pixels: Vec<[u8; 3]>,
    captions: [String; 2],
    correct: bool,
}

impl PredictionGrid {
    /// A grid of images of `height` × `width` pixels of `channels` values: 1 (grey), 3 (RGB) or 4,
    /// the fourth being ignored.
    ///
    /// # Panics
    /// With a size of 0, or another number of channels.
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

    /// Images in a row; 5 without this call.
    ///
    /// # Panics
    /// With 0.
    pub fn columns(mut self, columns: usize) -> Self {
        assert!(columns > 0, "a grid has at least one column");
        self.columns = columns;
        self
    }

    /// Appends an image, row-major, of values 0 to 255, with the names of the predicted and the
    /// true class and the score of the prediction, 0 to 1.
    ///
    /// # Errors
    /// The image does not have the grid's size.
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
        // A cast to `u8` saturates, and takes NaN for 0.
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

    /// Writes the picture; the path's ending, `.svg` or `.png`, decides the format.
    ///
    /// # Errors
    /// The path has another ending, there is no image, or the system refuses the file.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        super::save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Option<Scene> {
        let captions = self.cells.iter().flat_map(|cell| &cell.captions);
        let longest = captions.map(|caption| caption.chars().count()).max()?;
        let [height, width, _] = self.size;
        let zoom = (IMAGE_SIDE / height.max(width)).max(1) as f64;
        let (image_height, image_width) = (zoom * height as f64, zoom * width as f64);
        let caption_width = longest as f64 * CHARACTER_WIDTH * f64::from(FONT_SIZE);
        // Whole numbers: pixels of the images fall on pixels of the picture.
        let cell_width = image_width.max(caption_width.ceil()) + GAP;
        let cell_height = image_height + 2.0 * LINE_HEIGHT + GAP;
        let columns = self.columns.min(self.cells.len());
        let rows = self.cells.len().div_ceil(columns);
        let mut scene = Scene::new(
            columns as f64 * cell_width + GAP,
            rows as f64 * cell_height + GAP,
        );
        for (place, cell) in self.cells.iter().enumerate() {
            let left = GAP + (place % columns) as f64 * cell_width;
            let x = left + ((cell_width - GAP - image_width) / 2.0).floor();
            let y = GAP + (place / columns) as f64 * cell_height;
            scene.elements.push(Primitive::GroupStart {
                transform: None,
                title: None,
                // Else a browser that zooms draws seams between the pixels.
                extra_attrs: Some(r#"shape-rendering="crispEdges""#.to_owned()),
            });
            scene.elements.push(pixels(cell, width, [x, y], zoom));
            scene.elements.push(Primitive::GroupEnd);
            let colour = if cell.correct { GREEN } else { RED };
            scene.elements.push(Primitive::Rect {
                x,
                y,
                width: image_width,
                height: image_height,
                fill: Color::None,
                stroke: Some(colour.clone()),
                stroke_width: Some(2.0),
                opacity: None,
            });
            for (line, caption) in cell.captions.iter().enumerate() {
                scene.elements.push(Primitive::Text {
                    x: x + image_width / 2.0,
                    y: y + image_height + (line + 1) as f64 * LINE_HEIGHT,
                    content: caption.clone(),
                    size: FONT_SIZE,
                    anchor: TextAnchor::Middle,
                    rotate: None,
                    bold: line == 0,
                    color: Some(colour.clone()),
                });
            }
        }
        Some(scene)
    }
}

/// An image as rectangles: one for each run of equal pixels of a row.
fn pixels(cell: &Cell, width: usize, [left, top]: [f64; 2], zoom: f64) -> Primitive {
    let (mut x, mut y, mut w, mut h, mut fills) = (vec![], vec![], vec![], vec![], vec![]);
    for (row, pixels) in cell.pixels.chunks_exact(width).enumerate() {
        let mut column = 0;
        for run in pixels.chunk_by(|a, b| a == b) {
            x.push(left + zoom * column as f64);
            y.push(top + zoom * row as f64);
            w.push(zoom * run.len() as f64);
            h.push(zoom);
            let [red, green, blue] = run[0];
            fills.push(Color::Rgb(red, green, blue));
            column += run.len();
        }
    }
    Primitive::RectBatch { x, y, w, h, fills }
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
    fn equal_pixels_of_a_row_are_one_rectangle() {
        let Primitive::RectBatch { x, w, fills, .. } = pixels(&grid().cells[0], 3, [0.0; 2], 5.0)
        else {
            unreachable!()
        };
        assert_eq!((x, w), (vec![0.0, 10.0, 0.0], vec![10.0, 5.0, 15.0]));
        assert_eq!(fills[1], Color::Rgb(255, 255, 255));
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
