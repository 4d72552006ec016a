//! Plots of the history of a training.

use super::panel::{self, Panel};
use super::scene::Scene;
use crate::error::Result;
use crate::train::History;
use std::path::Path;

/// The prefix of the validation's series: `val_loss` belongs to `loss`.
const VALIDATION: &str = "val_";
const NAMES: [&str; 2] = ["training", "validation"];

/// A plot of series over the epochs, with a panel for each metric. A panel has a curve for the training and
/// one for the validation, or a curve for each of several runs.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryPlot {
    panels: Vec<Quantity>,
}

/// A metric in the training, and in the validation if it was measured there.
#[derive(Clone, PartialEq, Debug)]
struct Quantity {
    name: String,
    /// The series with their names. Empty if not measured.
    series: Vec<(String, Vec<f64>)>,
}

impl HistoryPlot {
    /// Plots named series, with one value for each epoch. `val_loss` is drawn in the panel of `loss`. Losses
    /// come first, then the other series in their order. Values that are not finite are left out.
    pub fn new(series: &[(String, Vec<f64>)]) -> Self {
        let mut panels: Vec<Quantity> = Vec::new();
        for (name, values) in series {
            let (quantity, place) = match name.strip_prefix(VALIDATION) {
                Some(quantity) => (quantity, 1),
                None => (name.as_str(), 0),
            };
            let known = panels.iter().position(|panel| panel.name == quantity);
            let panel = known.unwrap_or_else(|| {
                let series = NAMES.map(|name| (name.to_owned(), Vec::new()));
                panels.push(Quantity {
                    name: quantity.to_owned(),
                    series: series.to_vec(),
                });
                panels.len() - 1
            });
            panels[panel].series[place].1.clone_from(values);
        }
        Self::of(panels)
    }

    /// Plots several runs in one picture, with a panel for each series and a curve for each run.
    ///
    /// ```
    /// use kerust::picture::HistoryPlot;
    /// use kerust::train::History;
    ///
    /// # let (first, second) = (History::default(), History::default());
    /// let plot = HistoryPlot::compare([("Adam", &first), ("SGD", &second)]);
    /// ```
    pub fn compare<'a>(runs: impl IntoIterator<Item = (&'a str, &'a History)>) -> Self {
        let runs: Vec<_> = runs.into_iter().collect();
        let mut panels: Vec<Quantity> = Vec::new();
        for name in runs.iter().flat_map(|(_, history)| history.names()) {
            if panels.iter().any(|panel| panel.name == name) {
                continue;
            }
            let series = runs.iter().map(|(run, history)| {
                let values = history.series(name).unwrap_or_default();
                ((*run).to_owned(), values.to_vec())
            });
            panels.push(Quantity {
                name: name.to_owned(),
                series: series.collect(),
            });
        }
        Self::of(panels)
    }

    /// Sorts losses first.
    fn of(mut panels: Vec<Quantity>) -> Self {
        let rank = |panel: &Quantity| match panel.name.as_str() {
            "loss" => 0,
            name if name.ends_with("_loss") => 1,
            _ => 2,
        };
        panels.sort_by_key(rank);
        Self { panels }
    }

    /// Writes the plot to a file. The extension of the path, `.svg` or `.png`, selects the format.
    ///
    /// # Errors
    /// Returns an error if the path has another extension, there are no epochs, or the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        super::save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Option<Scene> {
        let series = self.panels.iter().flat_map(|panel| panel.series.iter());
        let epochs = series.map(|(_, values)| values.len()).max().unwrap_or(0);
        if epochs == 0 {
            return None;
        }
        // The rows are filled as much as possible.
        let columns = match self.panels.len() {
            4 => 2,
            panels => panels.min(3),
        };
        let rows = self.panels.len().div_ceil(columns);
        let [width, height] = panel::SIZE;
        let mut scene = Scene {
            size: [columns as f64 * width, rows as f64 * height],
            elements: Vec::new(),
        };
        for (place, quantity) in self.panels.iter().enumerate() {
            let [row, column] = [place / columns, place % columns].map(|n| n as f64);
            let series = quantity.series.iter();
            let panel = Panel {
                name: quantity.name.replace('_', " "),
                series: series
                    .map(|(name, values)| (name.as_str(), &values[..]))
                    .collect(),
                epochs,
            };
            panel.draw(&mut scene, [column * width, row * height]);
        }
        Some(scene)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Logs;

    fn series(names: &[&str], epochs: usize) -> Vec<(String, Vec<f64>)> {
        let values = |place: usize| {
            let value = move |epoch| 1.0 / (epoch + place + 1) as f64;
            (0..epochs).map(value).collect()
        };
        let names = names.iter().enumerate();
        names
            .map(|(place, name)| ((*name).to_owned(), values(place)))
            .collect()
    }

    fn svg(series: &[(String, Vec<f64>)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plot.svg");
        HistoryPlot::new(series).save(&path).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn each_quantity_has_a_panel_and_losses_come_first() {
        let names = ["accuracy", "a_loss", "loss", "val_accuracy", "val_loss"];
        let plot = HistoryPlot::new(&series(&names, 3));
        let names: Vec<_> = plot
            .panels
            .iter()
            .map(|panel| panel.name.as_str())
            .collect();
        assert_eq!(names, ["loss", "a_loss", "accuracy"]);
        assert!(
            plot.panels[2]
                .series
                .iter()
                .all(|(_, values)| values.len() == 3)
        );
    }

    #[test]
    fn a_picture_names_series_and_axes() {
        let svg = svg(&series(&["loss", "val_loss", "top_3"], 5));
        for text in ["training", "validation", "epoch", "loss", "top 3"] {
            assert!(svg.contains(text), "{text}");
        }
    }

    #[test]
    fn one_epoch_and_values_that_are_not_finite_are_drawn() {
        svg(&series(&["loss"], 1));
        let diverged = vec![f64::NAN, f64::INFINITY];
        let svg = svg(&[("loss".to_owned(), diverged)]);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn runs_share_a_panel_for_each_series() {
        let history = |losses: &[f64]| {
            let mut history = History::default();
            for loss in losses {
                history.push(Logs::new(
                    &["accuracy".into(), "loss".into()],
                    &[0.5, *loss],
                ));
            }
            history
        };
        let (long, short) = (history(&[3.0, 2.0, 1.0]), history(&[3.5, 2.5]));
        let plot = HistoryPlot::compare([("Adam", &long), ("SGD", &short)]);
        let names: Vec<_> = plot
            .panels
            .iter()
            .map(|panel| panel.name.as_str())
            .collect();
        assert_eq!(names, ["loss", "accuracy"]);
        let curves = ["Adam", "SGD"].map(String::from);
        assert_eq!(
            plot.panels[0].series[1],
            (curves[1].clone(), vec![3.5, 2.5])
        );
        assert_eq!(plot.draw().unwrap().size[0], 960.0);
    }

    #[test]
    fn a_png_begins_as_png() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plot.PNG");
        let plot = HistoryPlot::new(&series(&["loss"], 4));
        plot.save(&path).unwrap();
        assert!(std::fs::read(path).unwrap().starts_with(b"\x89PNG"));
    }

    #[test]
    fn other_endings_and_an_empty_history_are_refused() {
        let plot = HistoryPlot::new(&series(&["loss"], 4));
        for (path, found) in [("a/x.jpg", "the ending `.jpg`"), ("x", "no ending")] {
            let expected = format!(
                "cannot write the picture `{path}`: found {found}, expected `.svg` or `.png`"
            );
            assert_eq!(plot.save(path).unwrap_err().to_string(), expected);
        }
        assert_eq!(
            HistoryPlot::new(&[]).save("x.svg").unwrap_err().to_string(),
            "the picture `x.svg` would be empty: there is nothing to draw"
        );
    }
}
