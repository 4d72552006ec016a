//! The state of a callback in a saved training.

use super::super::TrainError;
use crate::Result;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// The values of a [`Callback`](super::Callback) that are saved with the state of a training, so that a
/// resumed training continues as if it had not been interrupted.
///
/// It holds strings and copies of all weights, both by name.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct CallbackState {
    texts: BTreeMap<String, String>,
    weights: BTreeMap<String, Vec<f32>>,
}

impl CallbackState {
    /// Stores a value under a name. Numbers are restored with the same bits.
    pub fn insert(&mut self, name: &str, value: impl Display) {
        self.texts.insert(name.into(), value.to_string());
    }

    /// Returns the value with this name, if there is one.
    ///
    /// # Errors
    /// Returns an error when the value cannot be parsed as `T`.
    pub fn get<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let Some(found) = self.texts.get(name) else {
            return Ok(None);
        };
        let value = found.parse().map_err(|_| TrainError::State {
            what: "callback",
            found: format!("{name}: {found}"),
            expected: std::any::type_name::<T>().into(),
        });
        Ok(Some(value?))
    }

    /// Stores a copy of all weights under a name.
    pub fn insert_weights(&mut self, name: &str, weights: &[f32]) {
        self.weights.insert(name.into(), weights.into());
    }

    /// Returns the weights with this name, if there are any.
    pub fn weights(&self, name: &str) -> Option<&[f32]> {
        self.weights.get(name).map(Vec::as_slice)
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.weights.is_empty()
    }

    pub(in super::super) fn all_weights(&self) -> impl Iterator<Item = (&str, &[f32])> {
        let weights = self.weights.iter();
        weights.map(|(name, weights)| (name.as_str(), weights.as_slice()))
    }

    pub(in super::super) fn all_weights_mut(&mut self) -> impl Iterator<Item = (&str, &mut [f32])> {
        let weights = self.weights.iter_mut();
        weights.map(|(name, weights)| (name.as_str(), weights.as_mut_slice()))
    }

    /// The strings, and the names of the weights.
    pub(in super::super) fn to_json(&self) -> String {
        let weights: Vec<&String> = self.weights.keys().collect();
        serde_json::json!({ "texts": self.texts, "weights": weights }).to_string()
    }

    /// Reads a state that [`to_json`](Self::to_json) wrote. Its weights are set to `len` zeros.
    pub(in super::super) fn from_json(json: &str, len: usize) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_str(json).ok()?;
        let texts = json.get("texts")?.as_object()?.iter();
        let texts = texts.map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned())));
        let weights = json.get("weights")?.as_array()?.iter();
        let weights = weights.map(|name| Some((name.as_str()?.to_owned(), vec![0.0; len])));
        Some(Self {
            texts: texts.collect::<Option<_>>()?,
            weights: weights.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_with_the_same_bits() {
        let mut state = CallbackState::default();
        assert!(state.is_empty());
        state.insert("best", 0.1 + 0.2);
        state.insert("nothing", f64::NAN);
        state.insert("text", "a \"quoted\"\nline");
        state.insert_weights("weights", &[1.0, 2.0, 3.0]);
        let again = CallbackState::from_json(&state.to_json(), 3).unwrap();
        assert_eq!(again.texts, state.texts);
        assert_eq!(again.weights("weights"), Some(&[0.0; 3][..]));
        assert_eq!(again.get("best").unwrap(), Some(0.1 + 0.2));
        assert!(again.get::<f64>("nothing").unwrap().unwrap().is_nan());
        assert_eq!(again.get::<u8>("missing").unwrap(), None);
        let error = again.get::<usize>("best").unwrap_err().to_string();
        assert!(error.contains("best: 0.30000000000000004"), "{error}");
    }

    #[test]
    fn invalid_states_are_rejected() {
        for json in ["", "{}", r#"{"texts": {"a": 1}, "weights": []}"#, "[1]"] {
            assert_eq!(CallbackState::from_json(json, 3), None, "{json}");
        }
    }
}
