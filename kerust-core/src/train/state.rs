//! The state of a training in a file.
//!
//! It holds the weights, the slots, the progress of the run, and the states of its callbacks. The order of
//! samples and all random numbers depend only on the seed, the epoch and the step, so nothing else needs to
//! be saved.

use super::callback::CallbackState;
use super::trainee::{Run, Trainee};
use super::{Logs, TrainError};
use crate::Result;
use crate::model::Train;
use crate::optimizer::LearningRate;
use crate::rng::Seed;
use crate::weights::{self, Section, SectionMut, WeightsFile};
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

type Metadata = BTreeMap<String, String>;

/// The prefix of a callback's name in the header.
const CALLBACK: &str = "training.callback.";

/// Says that the averages of the weights are in the model, and the weights in their slot.
const SWAPPED: &str = "swapped";

/// Writes the state.
pub(super) fn save<N: Train>(trainee: &Trainee<N>, path: &Path) -> Result<()> {
    let run = &trainee.run;
    let mut metadata = weights::model_metadata::<N>();
    let mut tell = |key: &str, value: String| metadata.insert(format!("training.{key}"), value);
    tell("optimizer", rule(trainee));
    tell("step", trainee.applied.step.to_string());
    tell("seed", run.seed.0.to_string());
    tell("epoch", run.epoch.to_string());
    tell("epoch_step", run.step.to_string());
    tell("epochs_done", run.epochs_done.to_string());
    tell("stopped", run.stopped.to_string());
    if trainee.applied.is_swapped() {
        tell(SWAPPED, true.to_string());
    }
    if let LearningRate::Constant(rate) = trainee.optimizer.settings().learning_rate {
        tell("learning_rate", rate.to_string());
    }
    for (number, logs) in run.history.epochs().iter().enumerate() {
        tell(&format!("history.{number}"), lines(logs));
    }
    let mut remembered = Vec::new();
    for (name, state) in &run.callbacks {
        metadata.insert(format!("{CALLBACK}{name}"), state.to_json());
        for (key, weights) in state.all_weights() {
            if weights.len() != N::LAYOUT.len() {
                let found = format!("{} values", weights.len());
                return Err(differs(
                    "weights of a callback",
                    &found,
                    &format!("{} values", N::LAYOUT.len()),
                ));
            }
            remembered.push((prefix(name, key), weights));
        }
    }

    let prefixes = prefixes(trainee);
    let mut sections = vec![Section {
        prefix: "model",
        layout: &N::LAYOUT,
        values: trainee.model.as_bytes(),
    }];
    let slots = 0..trainee.applied.slots.len();
    let slots: Vec<_> = slots.map(|slot| scatter(trainee, slot)).collect();
    sections.extend(prefixes.iter().zip(&slots).map(|(prefix, values)| Section {
        prefix,
        layout: &N::LAYOUT,
        values: bytemuck::cast_slice(values),
    }));
    sections.extend(remembered.iter().map(|(prefix, weights)| Section {
        prefix,
        layout: &N::LAYOUT,
        values: bytemuck::cast_slice(weights),
    }));
    weights::save_sections(path, &sections, &metadata)
}

/// Reads the state. Nothing is changed if it fails.
pub(super) fn resume<N: Train>(trainee: &mut Trainee<N>, path: &Path) -> Result<()> {
    let file = WeightsFile::open(path)?;
    let metadata = file.metadata();
    let Some(found) = metadata.get("training.optimizer") else {
        return Err(TrainError::NoState { path: path.into() }.into());
    };
    let expected = rule(trainee);
    if *found != expected {
        return Err(differs("optimizer", found, &expected));
    }
    let step = number(metadata, "step")?;
    let is_swapped = metadata.contains_key(&format!("training.{SWAPPED}"));
    let mut run = Run {
        seed: Seed(number(metadata, "seed")?),
        epoch: number(metadata, "epoch")?,
        step: number(metadata, "epoch_step")?,
        stopped: number(metadata, "stopped")?,
        epochs_done: number(metadata, "epochs_done")?,
        resumed: true,
        ..Run::default()
    };
    while let Some(lines) = metadata.get(&format!("training.history.{}", run.history.len())) {
        run.history.push(logs(lines)?);
    }
    for (name, json) in metadata.range(CALLBACK.to_owned()..) {
        let Some(name) = name.strip_prefix(CALLBACK) else {
            break;
        };
        let state = CallbackState::from_json(json, N::LAYOUT.len())
            .ok_or_else(|| differs("callback", json, "what a callback remembers"))?;
        run.callbacks.push((name.to_owned(), state));
    }
    let learning_rate = match trainee.optimizer.settings().learning_rate {
        LearningRate::Constant(_) => Some(number(metadata, "learning_rate")?),
        LearningRate::Scheduled(_) => None,
    };

    let mut model = N::zeroed();
    let prefixes = prefixes(trainee);
    let mut slots: Vec<_> = prefixes
        .iter()
        .map(|_| vec![0.0; N::LAYOUT.len()])
        .collect();
    let mut sections = vec![SectionMut {
        prefix: "model",
        layout: &N::LAYOUT,
        values: model.as_mut_bytes(),
    }];
    let places = prefixes.iter().zip(&mut slots);
    sections.extend(places.map(|(prefix, values)| SectionMut {
        prefix,
        layout: &N::LAYOUT,
        values: bytemuck::cast_slice_mut(values),
    }));
    let mut places = Vec::new();
    for (name, state) in &mut run.callbacks {
        let weights = state.all_weights_mut();
        places.extend(weights.map(|(key, weights)| (prefix(name, key), weights)));
    }
    sections.extend(places.iter_mut().map(|(prefix, weights)| SectionMut {
        prefix,
        layout: &N::LAYOUT,
        values: bytemuck::cast_slice_mut(weights),
    }));
    file.load_model_sections::<N>(&mut sections)?;

    if let Some(rate) = learning_rate {
        trainee.optimizer.settings_mut().learning_rate = LearningRate::Constant(rate);
    }
    trainee.model = model;
    let applied = &mut trainee.applied;
    for (slot, values) in applied.slots.iter_mut().zip(&slots) {
        slot.gather(&applied.tensors, values);
    }
    trainee.applied.step = step;
    trainee.applied.set_swapped(is_swapped);
    trainee.run = run;
    Ok(())
}

/// A slot with one value for each weight, 0 for those that do not train. A file thus has the model's tensors
/// for each slot.
fn scatter<N: Train>(trainee: &Trainee<N>, slot: usize) -> Vec<f32> {
    let mut values = vec![0.0; N::LAYOUT.len()];
    trainee.applied.slots[slot].scatter(&trainee.applied.tensors, &mut values);
    values
}

fn prefixes<N: Train>(trainee: &Trainee<N>) -> Vec<String> {
    let slots = trainee.applied.slots.iter();
    slots
        .map(|slot| format!("optimizer.{}", slot.name))
        .collect()
}

/// The prefix of the names of weights that a callback saves.
fn prefix(callback: &str, key: &str) -> String {
    format!("callback.{callback}.{key}")
}

/// The name of the optimizer and of its slots: `adam momentum velocity`.
fn rule<N: Train>(trainee: &Trainee<N>) -> String {
    let slots = trainee.applied.slots.iter().map(|slot| slot.name);
    let names = [trainee.optimizer.name()].into_iter().chain(slots);
    names.collect::<Vec<_>>().join(" ")
}

/// One line for each value: the number, then the name, which can contain anything but a newline.
fn lines(logs: &Logs) -> String {
    let entries = logs.iter().map(|(name, value)| format!("{value} {name}"));
    entries.collect::<Vec<_>>().join("\n")
}

fn logs(text: &str) -> Result<Logs> {
    let mut logs = Logs::default();
    for line in text.lines() {
        let entry = line
            .split_once(' ')
            .and_then(|(value, name)| Some((name, value.parse().ok()?)));
        let Some((name, value)) = entry else {
            return Err(differs("the history", line, "a number and a name"));
        };
        logs.insert(name, value);
    }
    Ok(logs)
}

fn number<T: FromStr>(metadata: &Metadata, key: &'static str) -> Result<T> {
    let found = metadata.get(&format!("training.{key}"));
    let found = found.map_or("", String::as_str);
    found.parse().map_err(|_| differs(key, found, "a number"))
}

fn differs(what: &'static str, found: &str, expected: &str) -> crate::Error {
    let (found, expected) = (found.into(), expected.into());
    TrainError::State {
        what,
        found,
        expected,
    }
    .into()
}
