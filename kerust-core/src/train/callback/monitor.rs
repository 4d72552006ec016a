//! A number that is watched, and what it means for it to improve.

use super::{CallbackState, Training};
use crate::Result;
use crate::train::TrainError;

/// Which way a number improves.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Mode {
    /// As the metric itself says: a loss falls, an accuracy rises.
    #[default]
    Auto,
    /// It falls.
    Min,
    /// It rises.
    Max,
}

/// A watched number: Keras's `MonitorCallback`.
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

    /// The best number so far.
    pub(super) fn best(&self) -> Option<f64> {
        self.best
    }

    pub(super) fn set_best(&mut self, best: Option<f64>) {
        self.best = best;
    }

    /// Refuses a name that no number has, and a number whose direction is unknown.
    pub(super) fn check(&mut self, training: &Training<'_>) -> Result<()> {
        // The learning rate enters the logs at the end of an epoch, by another callback.
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

    /// Refuses a setting that is not finite: no number would be better or worse.
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

    /// Leaves the best number so far.
    pub(super) fn save(&self, state: &mut CallbackState) {
        state.insert("monitor", &self.name);
        if let Some(best) = self.best {
            state.insert("best", best);
        }
    }

    /// Takes the best number so far, if the state is of the same number.
    pub(super) fn restore(&mut self, state: &CallbackState) -> Result<bool> {
        let is_same = state.get::<String>("monitor")?.as_ref() == Some(&self.name);
        if is_same && let Some(best) = state.get("best")? {
            self.best = Some(best);
        }
        Ok(is_same)
    }

    /// The number after this epoch; none when the epoch was not validated.
    pub(super) fn current(&self, training: &Training<'_>) -> Result<Option<f64>> {
        match training.logs().value(&self.name) {
            None if !training.series().contains(&self.name) => {
                let known = training.logs().names().map(String::from);
                Err(self.unknown(known.collect()))
            }
            current => Ok(current),
        }
    }

    /// Whether a number is better than the best one; then it is the best one from now on. NaN never is.
    pub(super) fn improves(&mut self, current: f64) -> bool {
        let better =
            !current.is_nan() && self.best.is_none_or(|best| self.is_better(current, best));
        if better {
            self.best = Some(current);
        }
        better
    }

    /// Whether a number is better than another one, by more than `min_delta`.
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

/// Which way a number improves: the model's losses and metrics say it.
fn direction(training: &Training<'_>, name: &str) -> Option<Mode> {
    let mode = |higher| if higher { Mode::Max } else { Mode::Min };
    training.higher_is_better(name).map(mode)
}

/// The builder methods of callbacks that watch a number.
macro_rules! monitored {
    ($callback:ident) => {
        impl $callback {
            /// Which way the number improves; by default as the metric itself says.
            pub fn mode(mut self, mode: super::Mode) -> Self {
                self.monitor.set_mode(mode);
                self
            }

            /// Says what it does.
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
