//! The course of a training: a panel for each quantity.

use crate::error::Result;
use kuva::plot::{LegendPosition, LinePlot, ScatterPlot};
use kuva::render::figure::Figure;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::Scene;
use std::path::Path;

/// Where validation's series are named: `val_loss` stands beside `loss`.
const VALIDATION: &str = "val_";
/// Blue and vermilion, which colour-blind people tell apart: Okabe & Ito (2008).
const COLOURS: [&str; 2] = ["#0072B2", "#D55E00"];
/// More points than these are a line.
const MARKED_EPOCHS: usize = 40;

/// A plot of series by epoch: one panel for each quantity, training and validation in it.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryPlot {
    panels: Vec<Panel>,
}

/// A quantity in training and, where it was measured, in validation.
#[derive(Clone, PartialEq, Debug)]
struct Panel {
    name: String,
    series: [Option<Vec<f64>>; 2],
}

impl HistoryPlot {
    /// Plots named series, of one value for each epoch. `val_loss` shares a panel with `loss`; losses
    /// come first, then the others in their order. Values that are not finite are left out.
    pub fn new(series: &[(String, Vec<f64>)]) -> Self {
        let mut panels: Vec<Panel> = Vec::new();
        for (name, values) in series {
            let (quantity, place) = match name.strip_prefix(VALIDATION) {
                Some(quantity) => (quantity, 1),
                None => (name.as_str(), 0),
            };
            let known = panels.iter().position(|panel| panel.name == quantity);
            let panel = known.unwrap_or_else(|| {
                panels.push(Panel {
                    name: quantity.to_owned(),
                    series: [None, None],
                });
                panels.len() - 1
            });
            panels[panel].series[place] = Some(values.clone());
        }
        let rank = |panel: &Panel| match panel.name.as_str() {
            "loss" => 0,
            name if name.ends_with("_loss") => 1,
            _ => 2,
        };
        panels.sort_by_key(rank);
        Self { panels }
    }

    /// Writes the plot; the path's ending, `.svg` or `.png`, decides the format.
    ///
    /// # Errors
    /// The path has another ending, there is no epoch to plot, or the system refuses the file.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        super::save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Option<Scene> {
        let series = self.panels.iter().flat_map(|panel| panel.series.iter());
        let epochs = series.flatten().map(Vec::len).max().unwrap_or(0);
        if epochs == 0 {
            return None;
        }
        let plots: Vec<Vec<Plot>> = self.panels.iter().map(Panel::plots).collect();
        let layouts = self.panels.iter().zip(&plots);
        let layouts = layouts.map(|(panel, plots)| panel.layout(plots, epochs));
        let layouts = layouts.collect();
        // Rows as full as may be.
        let columns = match self.panels.len() {
            4 => 2,
            panels => panels.min(3),
        };
        let figure = Figure::new(self.panels.len().div_ceil(columns), columns)
            .with_cell_size(480.0, 340.0)
            .with_plots(plots)
            .with_layouts(layouts);
        Some(figure.render())
    }
}

impl Panel {
    fn plots(&self) -> Vec<Plot> {
        let mut plots = Vec::new();
        let kinds = core::iter::zip(["training", "validation"], COLOURS);
        for (values, (kind, colour)) in self.series.iter().zip(kinds) {
            let Some(values) = values else { continue };
            let points = values.iter().enumerate();
            let points = points.map(|(place, value)| ((place + 1) as f64, *value));
            let points: Vec<_> = points.filter(|(_, value)| value.is_finite()).collect();
            if points.is_empty() {
                continue;
            }
            // A line through one point is invisible.
            if points.len() <= MARKED_EPOCHS {
                let dots = ScatterPlot::new().with_data(points.clone());
                plots.push(Plot::Scatter(dots.with_color(colour).with_size(3.0)));
            }
            let line = LinePlot::new().with_data(points).with_color(colour);
            plots.push(Plot::Line(line.with_stroke_width(2.0).with_legend(kind)));
        }
        plots
    }

    fn layout(&self, plots: &[Plot], epochs: usize) -> Layout {
        let layout = match plots {
            [] => Layout::new((0.0, 1.0), (0.0, 1.0)),
            plots => Layout::auto_from_plots(plots),
        };
        // Room for the marks of the first and the last epoch.
        let margin = 0.03 * epochs.max(8) as f64;
        layout
            .with_x_label("epoch")
            .with_y_label(self.name.replace('_', " "))
            .with_x_axis_min(1.0 - margin)
            .with_x_axis_max(epochs as f64 + margin)
            .with_x_tick_step(tick_step(epochs))
            .with_x_tick_format(TickFormat::Integer)
            .with_legend_position(self.free_corner())
    }

    /// The right corner that the curves leave free: falling ones end low, rising ones high.
    fn free_corner(&self) -> LegendPosition {
        let rise = |values: &Vec<f64>| values.last().zip(values.first()).map(|(b, a)| b - a);
        let rises = self.series.iter().flatten().filter_map(rise);
        if rises.sum::<f64>() > 0.0 {
            LegendPosition::InsideBottomRight
        } else {
            LegendPosition::InsideTopRight
        }
    }
}

/// Whole epochs between two ticks: 1, 2 or 5 times a power of ten, about eight ticks.
fn tick_step(epochs: usize) -> f64 {
    let powers = (0..).map(|power| 10f64.powi(power));
    let mut steps = powers.flat_map(|power| [power, 2.0 * power, 5.0 * power]);
    let enough = |step: &f64| epochs as f64 <= 9.0 * step;
    steps.find(enough).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(plot.panels[2].series.iter().all(Option::is_some));
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

    #[test]
    fn ticks_are_whole_epochs() {
        assert_eq!(
            [1, 9, 10, 50, 100].map(tick_step),
            [1.0, 1.0, 2.0, 10.0, 20.0]
        );
    }
}
