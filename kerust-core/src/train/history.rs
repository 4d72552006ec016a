//! The history of a training.

use super::logs::{Logs, Names, Number};
#[cfg(feature = "plots")]
use crate::picture::HistoryPlot;
use std::fmt;
use std::ops::Index;

/// The metrics of each epoch, as returned by `fit`.
///
/// `history["val_loss"]` is the series of one metric over the epochs. Indexing with an unknown name panics
/// with the list of known names. If not every epoch is validated, a series of the validation is shorter than
/// [`len`](Self::len).
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// let history = model.fit(&data, Fit::epochs(5).validation_split(0.25).quiet())?;
/// assert_eq!(history["val_loss"].len(), 5);
/// assert!(history["loss"][4] < history["loss"][0]);
/// # Ok::<(), kerust::Error>(())
/// ```
#[derive(Clone, PartialEq, Default)]
pub struct History {
    epochs: Vec<Logs>,
    series: Vec<(String, Vec<f64>)>,
}

impl History {
    /// The number of epochs.
    pub fn len(&self) -> usize {
        self.epochs.len()
    }

    /// Whether there are no epochs.
    pub fn is_empty(&self) -> bool {
        self.epochs.is_empty()
    }

    /// The names of the series, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.series.iter().map(|(name, _)| name.as_str())
    }

    /// The series with this name, if there is one.
    pub fn series(&self, name: &str) -> Option<&[f64]> {
        self.find(name).map(Vec::as_slice)
    }

    fn find(&self, name: &str) -> Option<&Vec<f64>> {
        let found = self.series.iter().find(|(known, _)| known == name);
        found.map(|(_, values)| values)
    }

    /// The metrics of each epoch, in order.
    pub fn epochs(&self) -> &[Logs] {
        &self.epochs
    }

    /// The metrics of the last epoch.
    pub fn last(&self) -> Option<Logs> {
        self.epochs.last().cloned()
    }

    /// Plots all series, each with its validation series: `history.plot().save("history.svg")`.
    #[cfg(feature = "plots")]
    pub fn plot(&self) -> HistoryPlot {
        HistoryPlot::new(&self.series)
    }

    pub(crate) fn push(&mut self, logs: Logs) {
        for (name, value) in logs.iter() {
            match self.series.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value),
                None => self.series.push((name.into(), vec![value])),
            }
        }
        self.epochs.push(logs);
    }
}

impl Index<&str> for History {
    // A `Vec`, because `println!("{:?}", history["loss"])` needs a sized type.
    type Output = Vec<f64>;

    fn index(&self, name: &str) -> &Vec<f64> {
        match self.find(name) {
            Some(values) => values,
            None => panic!("no `{name}` in the history, found {}", Names(self.names())),
        }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (epoch, logs) in self.epochs.iter().enumerate() {
            let line = if epoch == 0 { "" } else { "\n" };
            write!(f, "{line}epoch {}: {logs}", epoch + 1)?;
        }
        Ok(())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.series.iter().map(|(name, values)| {
            let values: Vec<String> = values.iter().map(|v| Number(*v).to_string()).collect();
            (name, values.join(", "))
        });
        f.debug_map().entries(shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let mut history = History::default();
        for value in [0.5, 0.25] {
            let mut logs = Logs::new(&["loss".into()], &[value]);
            if value < 0.5 {
                logs.insert("val_loss", 2.0 * value);
            }
            history.push(logs);
        }
        history
    }

    #[test]
    fn a_series_holds_a_number_for_each_epoch_that_has_one() {
        let history = history();
        assert_eq!(history["loss"], [0.5, 0.25]);
        assert_eq!(history["val_loss"], [0.5]);
        assert_eq!(history.len(), 2);
        assert_eq!(history.last().unwrap()["val_loss"], 0.5);
    }

    #[test]
    fn a_history_reads_epoch_by_epoch() {
        let text = "epoch 1: loss: 0.5000\nepoch 2: loss: 0.2500 - val_loss: 0.5000";
        assert_eq!(history().to_string(), text);
    }

    #[test]
    #[should_panic(expected = "no `auc` in the history, found `loss`, `val_loss`")]
    fn an_unknown_series_panics_with_the_known_ones() {
        let _ = &history()["auc"];
    }
}
