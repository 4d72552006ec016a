//! The metrics of one epoch, or of one evaluation.

use std::fmt;
use std::ops::Index;

/// Loss and metrics by name, in order: `loss` first, then the metrics.
///
/// `logs["accuracy"]` is the value with that name. Indexing with an unknown name panics with the list of
/// known names.
#[derive(Clone, PartialEq, Default)]
pub struct Logs {
    entries: Vec<(String, f64)>,
}

impl Logs {
    /// The value with this name, if there is one.
    pub fn value(&self, name: &str) -> Option<f64> {
        let entry = self.entries.iter().find(|(known, _)| known == name);
        entry.map(|(_, value)| *value)
    }

    /// Adds a value, or replaces the value with this name.
    pub fn insert(&mut self, name: &str, value: f64) {
        match self.entries.iter_mut().find(|(known, _)| known == name) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((name.into(), value)),
        }
    }

    /// The names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, f64)> + Clone {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Creates logs with these names, in order.
    pub(crate) fn new(names: &[String], values: &[f64]) -> Self {
        let values = values.iter().copied();
        Self {
            entries: names.iter().cloned().zip(values).collect(),
        }
    }

    /// Replaces the first values. It allocates no memory.
    pub(crate) fn update(&mut self, values: &[f64]) {
        for (entry, value) in self.entries.iter_mut().zip(values) {
            entry.1 = *value;
        }
    }

    /// Keeps only the first `len` values.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
    }
}

impl Index<&str> for Logs {
    type Output = f64;

    fn index(&self, name: &str) -> &f64 {
        match self.entries.iter().find(|(known, _)| known == name) {
            Some((_, value)) => value,
            None => panic!("no `{name}` in the logs, found {}", Names(self.names())),
        }
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.iter().enumerate() {
            let dash = if place == 0 { "" } else { " - " };
            write!(f, "{dash}{name}: {}", Number(value))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A number as Keras prints it: four decimals, or with an exponent up to 0.001.
pub(super) struct Number(pub(super) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.abs() > 1e-3 || !self.0.is_finite() {
            write!(f, "{:.4}", self.0)
        } else {
            f.write_str(&exponent(self.0, 4))
        }
    }
}

/// `1.2346e-04`, as in Python.
pub(super) fn exponent(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    match text.split_once('e').and_then(|(number, power)| {
        let power: i32 = power.parse().ok()?;
        Some((number, power))
    }) {
        Some((number, power)) => {
            let sign = if power < 0 { '-' } else { '+' };
            format!("{number}e{sign}{:02}", power.abs())
        }
        None => text,
    }
}

/// Names in backticks.
pub(super) struct Names<I>(pub(super) I);

impl<'a, I: Iterator<Item = &'a str> + Clone> fmt::Display for Names<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.0.clone().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}`{name}`")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs() -> Logs {
        Logs::new(&["loss".into(), "accuracy".into()], &[0.43211, 0.87654])
    }

    #[test]
    fn logs_reads_as_keras_writes_it() {
        assert_eq!(logs().to_string(), "loss: 0.4321 - accuracy: 0.8765");
        assert_eq!(Number(0.00012346).to_string(), "1.2346e-04");
        assert_eq!(Number(0.0).to_string(), "0.0000e+00");
        assert_eq!(Number(-2.5).to_string(), "-2.5000");
        assert_eq!(Number(f64::NAN).to_string(), "NaN");
    }

    #[test]
    fn logs_is_indexed_by_name() {
        assert_eq!(logs()["accuracy"], 0.87654);
        assert_eq!(logs().value("auc"), None);
    }

    #[test]
    #[should_panic(expected = "no `auc` in the logs, found `loss`, `accuracy`")]
    fn an_unknown_name_panics_with_the_known_ones() {
        let _ = logs()["auc"];
    }
}
