//! The whole state of a training, in one file.
//!
//! Weights, slots, and the run: the order of samples and everything random depend on the seed, the
//! epoch and the step alone, so nothing else needs to be kept.

use super::trainee::{Run, Trainee};
use super::{Report, TrainError};
use crate::Result;
use crate::layer::Layout;
use crate::model::Model;
use crate::optimizer::LearningRate;
use crate::rng::Seed;
use crate::weights;
use std::collections::BTreeMap;
use std::path::Path;

type Metadata = BTreeMap<String, String>;

/// Writes the state; `epoch` holds the numbers of an epoch that is about to enter the history.
pub(super) fn save<N: Model>(
    trainee: &Trainee<N>,
    path: &Path,
    epoch: Option<&Report>,
) -> Result<()> {
    let run = &trainee.run;
    let mut metadata = Metadata::from([
        ("model".into(), N::NAME.into()),
        ("optimizer".into(), rule(trainee)),
        ("step".into(), trainee.applied.step.to_string()),
        ("seed".into(), run.seed.0.to_string()),
        ("epoch".into(), run.epoch.to_string()),
        ("epochs_done".into(), run.epochs_done.to_string()),
    ]);
    if let LearningRate::Constant(rate) = trainee.optimizer.settings().learning_rate {
        metadata.insert("learning_rate".into(), rate.to_string());
    }
    let reports = run.history.epochs().iter().chain(epoch);
    for (number, report) in reports.enumerate() {
        metadata.insert(format!("history.{number}"), line(report));
    }

    let prefixes = prefixes(trainee);
    let mut sections: Vec<(&str, &Layout, &[f32])> =
        vec![("model", &N::LAYOUT, trainee.model.as_slice())];
    for (prefix, slot) in prefixes.iter().zip(&trainee.applied.slots) {
        sections.push((prefix, &N::LAYOUT, slot));
    }
    weights::save_sections(path, &sections, &metadata)
}

/// Reads the state. When it fails, nothing is changed.
pub(super) fn resume<N: Model>(trainee: &mut Trainee<N>, path: &Path) -> Result<()> {
    let mut model = N::zeroed();
    let prefixes = prefixes(trainee);
    let mut slots: Vec<_> = prefixes
        .iter()
        .map(|_| vec![0.0; N::LAYOUT.len()])
        .collect();
    let mut sections: Vec<(&str, &Layout, &mut [f32])> =
        vec![("model", &N::LAYOUT, model.as_mut_slice())];
    for (prefix, slot) in prefixes.iter().zip(&mut slots) {
        sections.push((prefix, &N::LAYOUT, slot));
    }
    let metadata = weights::load_sections(path, &mut sections)?;

    expect(&metadata, "model", N::NAME)?;
    expect(&metadata, "optimizer", &rule(trainee))?;
    let step = number(&metadata, "step")?;
    let mut run = Run {
        seed: Seed(number(&metadata, "seed")?),
        epoch: number(&metadata, "epoch")?,
        epochs_done: number(&metadata, "epochs_done")?,
        resumed: true,
        ..Run::default()
    };
    while let Some(line) = metadata.get(&format!("history.{}", run.history.len())) {
        run.history.push(report(line)?);
    }
    let settings = trainee.optimizer.settings_mut();
    match &mut settings.learning_rate {
        LearningRate::Constant(rate) => *rate = number(&metadata, "learning_rate")?,
        LearningRate::Scheduled(_) => {}
    }
    trainee.model = model;
    trainee.applied.slots = slots;
    trainee.applied.step = step;
    trainee.run = run;
    Ok(())
}

fn prefixes<N: Model>(trainee: &Trainee<N>) -> Vec<String> {
    let slots = trainee.optimizer.slots().iter();
    slots.map(|slot| format!("optimizer.{slot}")).collect()
}

/// The optimizer with its slots: `adam momentum velocity`.
fn rule<N: Model>(trainee: &Trainee<N>) -> String {
    let slots = trainee.optimizer.slots();
    [&[trainee.optimizer.name()], slots].concat().join(" ")
}

/// One number a line, the name behind it: a name may hold anything but a line's end.
fn line(report: &Report) -> String {
    let entries = report.iter().map(|(name, value)| format!("{value} {name}"));
    entries.collect::<Vec<_>>().join("\n")
}

fn report(text: &str) -> Result<Report> {
    let mut report = Report::default();
    for line in text.lines() {
        let entry = line
            .split_once(' ')
            .and_then(|(value, name)| Some((name, value.parse().ok()?)));
        let Some((name, value)) = entry else {
            return Err(differs("the history", line, "a number and a name"));
        };
        report.insert(name, value);
    }
    Ok(report)
}

fn number<T: std::str::FromStr>(metadata: &Metadata, key: &'static str) -> Result<T> {
    let found = metadata.get(key).map_or("", String::as_str);
    let parsed = found.parse();
    parsed.map_err(|_| differs(key, found, "a number"))
}

fn expect(metadata: &Metadata, key: &'static str, expected: &str) -> Result<()> {
    match metadata.get(key).map_or("", String::as_str) {
        found if found == expected => Ok(()),
        found => Err(differs(key, found, expected)),
    }
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
