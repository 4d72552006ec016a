//! The metric that a callback monitors, and when it improves.

use super::{CallbackState, TrainingContext};
use crate::Result;
use crate::train::TrainError;

/// The direction in which a metric improves.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Mode {
    /// As the metric itself says: lower for a loss, higher for an accuracy.
    #[default]
    Auto,
    /// Lower is better.
    Min,
    /// Higher is better.
    Max,
}

/// A monitored metric: Keras's `MonitorCallback`.
pub(super) struct Monitor {
    callback: &'static str,
    name: String,
    mode: Mode,
    min_delta: f64,
    best: Option<f64>,
}

impl Monitor {
    pub(super) fn new(callback: &'static str, name: impl Into<String>, min_delta: f64) -> Self {
        Self {
            callback,
            name: name.into(),
            mode: Mode::Auto,
            min_delta,
            best: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn rename(&mut self, name: String) {
        self.name = name;
    }

    pub(super) fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    pub(super) fn set_min_delta(&mut self, min_delta: f64) {
        self.min_delta = min_delta.abs();
    }

    /// The best value so far.
    pub(super) fn best(&self) -> Option<f64> {
        self.best
    }

    pub(super) fn set_best(&mut self, best: Option<f64>) {
        self.best = best;
    }

    /// Returns an error for an unknown name, or a metric with an unknown direction.
    pub(super) fn check(&mut self, training: &TrainingContext<'_>) -> Result<()> {
        // The learning rate is added to the logs at the end of an epoch, by another callback.
        let known = training.series();
        if !known.contains(&self.name) && self.name != "learning_rate" {
            return Err(self.unknown(known.to_vec()));
        }
        if self.mode == Mode::Auto {
            self.mode = direction(training, &self.name).ok_or_else(|| TrainError::Direction {
                callback: self.callback,
                monitor: self.name.clone(),
            })?;
        }
        self.check_number("min_delta", Some(self.min_delta))
    }

    /// Returns an error for a setting that is not finite, because no value would be better or worse.
    pub(super) fn check_number(&self, setting: &'static str, value: Option<f64>) -> Result<()> {
        match value {
            Some(found) if !found.is_finite() => Err(TrainError::OutOfRange {
                setting,
                found,
                expected: "a finite number",
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// Saves the best value so far.
    pub(super) fn save(&self, state: &mut CallbackState) {
        state.insert("monitor", &self.name);
        if let Some(best) = self.best {
            state.insert("best", best);
        }
    }

    /// Restores the best value so far, if the state belongs to the same metric.
    pub(super) fn restore(&mut self, state: &CallbackState) -> Result<bool> {
        let is_same = state.get::<String>("monitor")?.as_ref() == Some(&self.name);
        if is_same && let Some(best) = state.get("best")? {
            self.best = Some(best);
        }
        Ok(is_same)
    }

    /// The value after this epoch, or `None` if the epoch was not validated.
    pub(super) fn current(&self, training: &TrainingContext<'_>) -> Result<Option<f64>> {
        match training.logs().value(&self.name) {
            None if !training.series().contains(&self.name) => {
                let known = training.logs().names().map(String::from);
                Err(self.unknown(known.collect()))
            }
            current => Ok(current),
        }
    }

    /// Whether a value is better than the best one. If so, it becomes the best one. NaN is never better.
    pub(super) fn improves(&mut self, current: f64) -> bool {
        let better =
            !current.is_nan() && self.best.is_none_or(|best| self.is_better(current, best));
        if better {
            self.best = Some(current);
        }
        better
    }

    /// Whether a value is better than another one, by more than `min_delta`.
    pub(super) fn is_better(&self, current: f64, than: f64) -> bool {
        match self.mode {
            Mode::Max => current - self.min_delta > than,
            Mode::Auto | Mode::Min => current + self.min_delta < than,
        }
    }

    pub(super) fn unknown(&self, known: Vec<String>) -> crate::Error {
        TrainError::UnknownSeries {
            callback: self.callback,
            found: self.name.clone(),
            known,
        }
        .into()
    }
}

/// The direction in which a metric improves, as the model's losses and metrics say.
fn direction(training: &TrainingContext<'_>, name: &str) -> Option<Mode> {
    let mode = |higher| if higher { Mode::Max } else { Mode::Min };
    training.higher_is_better(name).map(mode)
}

/// The builder methods of callbacks that monitor a metric.
macro_rules! monitored {
    ($callback:ident) => {
        impl $callback {
            /// Sets the direction in which the metric improves. By default the metric itself says it.
            pub fn mode(mut self, mode: super::Mode) -> Self {
                self.monitor.set_mode(mode);
                self
            }

            /// Prints messages about what the callback does.
            pub fn verbose(mut self) -> Self {
                self.verbose = true;
                self
            }
        }
    };
}
pub(super) use monitored;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_improves_nothing_and_anything_improves_on_no_number() {
        let mut monitor = Monitor::new("EarlyStopping", "loss", 0.0);
        monitor.set_mode(Mode::Min);
        assert!(!monitor.improves(f64::NAN));
        assert!(monitor.improves(1.0));
        assert!(!monitor.improves(f64::NAN));
        assert!(monitor.improves(0.5));
    }

    #[test]
    fn an_improvement_exceeds_min_delta() {
        let mut monitor = Monitor::new("EarlyStopping", "loss", 0.1);
        monitor.set_mode(Mode::Min);
        assert!(monitor.improves(1.0));
        assert!(!monitor.improves(0.95));
        assert!(monitor.improves(0.85));
        monitor.set_mode(Mode::Max);
        assert!(!monitor.improves(0.9));
        assert!(monitor.improves(0.96));
    }
}
