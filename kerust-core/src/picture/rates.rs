//! Plots of the loss over the learning rate.

use super::axis::{Axis, GREATEST};
use super::font::Font;
use super::panel::SIZE;
use super::scene::{Anchor, BLACK, Colour, Point, Scene};
use crate::error::Result;
use std::path::Path;

const BLUE: Colour = [0x00, 0x72, 0xb2];
const VERMILION: Colour = [0xd5, 0x5e, 0x00];
const GRID: Colour = [0xd8; 3];
const FRAME: Colour = [0x80; 3];

/// A plot of the loss over the learning rate, on a logarithmic axis, with the suggested rate.
#[derive(Clone, PartialEq, Debug)]
pub struct LearningRatePlot {
    /// The logarithms (base 10) of the rates, and the losses.
    points: Vec<Point>,
    suggestion: Option<f32>,
}

impl LearningRatePlot {
    /// Plots a loss for each rate. Values that are not finite are left out.
    pub fn new(rates: &[f32], losses: &[f64], suggestion: Option<f32>) -> Self {
        let points = rates.iter().zip(losses);
        let points = points.map(|(rate, loss)| [f64::from(*rate).log10(), *loss]);
        let can_be_drawn = |point: &Point| point[0].is_finite() && point[1].abs() <= GREATEST;
        Self {
            points: points.filter(can_be_drawn).collect(),
            suggestion,
        }
    }

    /// Writes the plot to a file. The extension of the path, `.svg` or `.png`, selects the format.
    ///
    /// # Errors
    /// Returns an error if the path has another extension, there are no losses, or the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        super::save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Option<Scene> {
        let (first, last) = (self.points.first()?[0], self.points.last()?[0]);
        let y = Axis::of(self.points.iter().map(|point| point[1]));
        let readings = y.ticks().map(|(_, reading)| Font::get().width(&reading));
        let left = (24.5 + readings.fold(0.0, f64::max)).round() + 0.5;
        let [right, bottom] = [SIZE[0] - 15.5, SIZE[1] - 49.5];
        let upwards = [bottom, 34.5];
        let margin = 0.03 * (last - first).max(1.0);
        let [low, high] = [first - margin, last + margin];
        let across = |log: f64| left + (log - low) / (high - low) * (right - left);
        let mut scene = Scene {
            size: SIZE,
            elements: Vec::new(),
        };
        for power in low.ceil() as i32..=high.floor() as i32 {
            let x = across(f64::from(power)).round() + 0.5;
            scene.line(vec![[x, bottom + 4.0], [x, upwards[1]]], 1.0, GRID);
            let reading = format!("1e{power}");
            scene.text([x, bottom + 19.0], Anchor::Middle, BLACK, reading);
        }
        for (value, reading) in y.ticks() {
            let y = y.place(value, upwards).round() + 0.5;
            scene.line(vec![[left - 4.0, y], [right, y]], 1.0, GRID);
            scene.text([left - 8.0, y + 4.5], Anchor::End, BLACK, reading);
        }
        let axes = vec![[left, upwards[1]], [left, bottom], [right, bottom]];
        scene.line(axes, 1.0, FRAME);
        let middle = [(left + right) / 2.0, bottom + 39.0];
        scene.text(middle, Anchor::Middle, BLACK, "learning rate".to_owned());
        scene.text(
            [left, upwards[1] - 12.0],
            Anchor::Start,
            BLACK,
            "loss".to_owned(),
        );
        if let Some(rate) = self.suggestion {
            let x = across(f64::from(rate).log10());
            scene.line(vec![[x, bottom], [x, upwards[1]]], 2.0, VERMILION);
            let anchor = if x > (left + right) / 2.0 {
                Anchor::End
            } else {
                Anchor::Start
            };
            let words = format!("steepest at {rate:.1e}");
            let at = [x.clamp(left, right), upwards[1] - 12.0];
            scene.text(at, anchor, VERMILION, words);
        }
        let place = |point: &Point| [across(point[0]), y.place(point[1], upwards)];
        scene.line(self.points.iter().map(place).collect(), 2.0, BLUE);
        Some(scene)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_stand_on_a_logarithmic_axis() {
        let rates = [1e-5, 1e-4, 1e-3, 1e-2];
        let plot = LearningRatePlot::new(&rates, &[2.0, 1.9, 1.0, f64::NAN], Some(1e-4));
        let svg = plot.draw().unwrap().svg();
        for text in [
            "1e-5",
            "1e-4",
            "1e-3",
            "learning rate",
            "loss",
            "steepest at 1.0e-4",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains("NaN"));
        assert!(LearningRatePlot::new(&[], &[], None).draw().is_none());
    }
}
