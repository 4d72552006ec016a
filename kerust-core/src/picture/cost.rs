//! What each layer of an 8-bit model costs.

use super::font::Font;
use super::scene::{Anchor, BLACK, Colour, Point, Scene};
use crate::error::Result;
use crate::quantize::LayerCost;
use std::path::Path;

const BLUE: Colour = [0x00, 0x72, 0xb2];
const GRID: Colour = [0xd8; 3];
/// The height of a bar with the space behind it.
const ROW: f64 = 22.0;
/// The width of the longest bar.
const WIDTH: f64 = 420.0;
/// Decibels from one line of the grid to the next.
const STEP: f64 = 10.0;

/// A bar for each layer: the signal-to-noise ratio of the outputs where the layer alone is in 8 bits. The shortest
/// bar is the layer that costs most.
#[derive(Clone, PartialEq, Debug)]
pub struct LayerCostPlot {
    bars: Vec<(String, f64)>,
}

impl LayerCostPlot {
    /// Plots a bar for each layer that costs anything.
    pub fn new(layers: &[LayerCost]) -> Self {
        let finite = layers.iter().filter(|layer| layer.alone.is_finite());
        Self {
            bars: finite
                .map(|layer| (layer.name.to_owned(), layer.alone.max(0.0)))
                .collect(),
        }
    }

    /// Writes the plot; the path's ending, `.svg` or `.png`, decides the format.
    ///
    /// # Errors
    /// The path has another ending, no layer costs anything, or the system refuses the file.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        super::save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Option<Scene> {
        let longest = self.bars.iter().map(|bar| bar.1).reduce(f64::max)?;
        let names = self.bars.iter().map(|bar| Font::get().width(&bar.0));
        let left = (24.5 + names.fold(0.0, f64::max)).round() + 0.5;
        let top = 34.5;
        let bottom = top + ROW * self.bars.len() as f64;
        let end = (longest / STEP).ceil().max(1.0) * STEP;
        let across = |decibels: f64| left + decibels / end * WIDTH;
        let mut scene = Scene {
            size: [left + WIDTH + 60.0, bottom + 50.0],
            elements: Vec::new(),
        };
        for line in 0..=(end / STEP) as usize {
            let reading = line as f64 * STEP;
            let x = across(reading).round() + 0.5;
            scene.line(vec![[x, bottom + 4.0], [x, top]], 1.0, GRID);
            let words = format!("{reading:.0}");
            scene.text([x, bottom + 18.0], Anchor::Middle, BLACK, words);
        }
        for (number, (name, decibels)) in self.bars.iter().enumerate() {
            let y = top + ROW * (number as f64 + 0.5);
            let words = format!("{decibels:.1}");
            scene.text([left - 8.0, y + 4.0], Anchor::End, BLACK, name.clone());
            let ends: Vec<Point> = vec![[left, y], [across(*decibels), y]];
            scene.line(ends, 12.0, BLUE);
            scene.text(
                [across(*decibels) + 6.0, y + 4.0],
                Anchor::Start,
                BLACK,
                words,
            );
        }
        let title = "outputs with one layer in 8 bits: signal to noise, dB".to_owned();
        scene.text([left, 20.0], Anchor::Start, BLACK, title);
        Some(scene)
    }
}
