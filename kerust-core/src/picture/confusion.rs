//! Plots of confusion matrices.

use super::font::Font;
use super::scene::{Anchor, BLACK, Colour, Element, Scene, WHITE};
use crate::error::Result;
use std::path::Path;

/// The color of a cell that contains all samples of its row. Smaller shares are lighter.
const BLUE: Colour = [0x08, 0x51, 0x9c];
const FRAME: Colour = [0x80; 3];
const CELL_HEIGHT: f64 = 32.0;
const LEAST_WIDTH: f64 = 44.0;
const GAP: f64 = 12.0;
const LINE_HEIGHT: f64 = 17.0;

/// A plot of a confusion matrix: a row for each true class and a column for each predicted class. A cell is
/// darker for a larger share of the row's samples.
#[derive(Clone, PartialEq, Debug)]
pub struct ConfusionPlot {
    names: Vec<String>,
    /// The counts, row by row.
    counts: Vec<usize>,
}

impl ConfusionPlot {
    /// Creates a plot of counts, with a row for each of the named classes.
    ///
    /// # Panics
    /// Panics unless the number of counts is the square of the number of names.
    pub fn new(names: &[String], counts: &[usize]) -> Self {
        let (found, expected) = (counts.len(), names.len() * names.len());
        assert!(
            found == expected,
            "found {found} counts, expected {expected}"
        );
        Self {
            names: names.to_vec(),
            counts: counts.to_vec(),
        }
    }

    /// Writes the plot to a file. The extension of the path, `.svg` or `.png`, selects the format.
    ///
    /// # Errors
    /// Returns an error if the path has another extension, there are no samples, or the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        super::save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Option<Scene> {
        if self.counts.iter().all(|count| *count == 0) {
            return None;
        }
        let classes = self.names.len();
        // The viewer of an SVG may use wider fonts.
        let width = |text: &str| 1.1 * Font::get().width(text);
        let widest = |texts: &[String]| texts.iter().map(|text| width(text)).fold(0.0, f64::max);
        let counts: Vec<String> = self.counts.iter().map(usize::to_string).collect();
        let names = widest(&self.names).ceil();
        let cell = LEAST_WIDTH.max(widest(&counts).ceil() + GAP);
        // Names that are wider than their columns are placed on several lines in turn.
        let lines = ((names + GAP) / cell).ceil().clamp(1.0, classes as f64);
        let side = classes as f64;
        let overhang = ((names - cell) / 2.0).max(0.0).ceil();
        let left = GAP + names.max(width("true").ceil()).max(overhang) + GAP;
        let top = GAP + LINE_HEIGHT * (lines + 1.0) + GAP;
        let [right, bottom] = [left + side * cell, top + side * CELL_HEIGHT];
        let mut scene = Scene {
            size: [right + overhang + GAP, bottom + GAP],
            elements: Vec::new(),
        };
        let middle = (left + right) / 2.0;
        let heading = GAP + 13.0;
        let at = [middle, heading];
        scene.text(at, Anchor::Middle, BLACK, "predicted".to_owned());
        // Above the names of the columns, of which the first may extend to the left.
        let at = [left - GAP, heading];
        scene.text(at, Anchor::End, BLACK, "true".to_owned());
        for (class, name) in self.names.iter().enumerate() {
            let line = (class as f64) % lines;
            let x = left + (class as f64 + 0.5) * cell;
            let y = top - 8.0 - line * LINE_HEIGHT;
            scene.text([x, y], Anchor::Middle, BLACK, name.clone());
            let y = top + (class as f64 + 0.5) * CELL_HEIGHT + 4.5;
            scene.text([left - GAP, y], Anchor::End, BLACK, name.clone());
        }
        for (row, counts) in self.counts.chunks_exact(classes).enumerate() {
            let total: usize = counts.iter().sum();
            for (column, count) in counts.iter().enumerate() {
                let share = *count as f64 / total.max(1) as f64;
                let at = [left + column as f64 * cell, top + row as f64 * CELL_HEIGHT];
                scene.elements.push(Element::Rectangle {
                    at,
                    size: [cell, CELL_HEIGHT],
                    colour: shade(share),
                });
                if *count > 0 {
                    let ink = if share > 0.5 { WHITE } else { BLACK };
                    let at = [at[0] + cell / 2.0, at[1] + CELL_HEIGHT / 2.0 + 4.5];
                    scene.text(at, Anchor::Middle, ink, count.to_string());
                }
            }
        }
        scene.frame([left, top], [right - left, bottom - top], 1.0, FRAME);
        Some(scene)
    }
}

/// A color between white and blue.
fn shade(share: f64) -> Colour {
    // The square root makes small numbers of mistakes visible too.
    let share = share.sqrt();
    [0, 1, 2].map(|channel| {
        let [light, dark] = [WHITE, BLUE].map(|colour| f64::from(colour[channel]));
        (light + share * (dark - light)).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_drawn_with_its_names_and_counts() {
        let names = ["no", "<yes>"].map(String::from);
        let folder = tempfile::tempdir().unwrap();
        for name in ["confusion.svg", "confusion.png"] {
            let path = folder.path().join(name);
            ConfusionPlot::new(&names, &[371, 2, 9, 0])
                .save(&path)
                .unwrap();
            let bytes = std::fs::read(path).unwrap();
            match name.ends_with("svg") {
                true => {
                    let svg = String::from_utf8(bytes).unwrap();
                    for text in ["no", "&lt;yes&gt;", ">371<", "predicted", "true"] {
                        assert!(svg.contains(text), "{text}");
                    }
                    assert!(!svg.contains(">0<"));
                }
                false => assert!(bytes.starts_with(b"\x89PNG")),
            }
        }
    }

    #[test]
    fn a_matrix_of_nothing_is_refused() {
        let outcome = ConfusionPlot::new(&["a".to_owned()], &[0]).save("x.svg");
        assert!(outcome.unwrap_err().to_string().contains("would be empty"));
    }
}
