//! A training that is interrupted at the end of an epoch, or killed in the middle of a step, and then
//! resumed, ends with the same bytes as one that was never interrupted.

use crate::support::{Noisy, thirds};
use kerust_core::Result;
use kerust_core::data::Class;
use kerust_core::loss::SparseCategoricalCrossentropy;
use kerust_core::metric::Accuracy;
use kerust_core::optimizer::Adam;
use kerust_core::rng::Seed;
use kerust_core::tensor::Rank1;
use kerust_core::train::{
    BackupAndRestore, CSVLogger, Callback, CallbackState, Compiled, EarlyStopping, Fit, Mode,
    ModelCheckpoint, ReduceLROnPlateau, TerminateOnNaN, TrainingContext, Workflow,
};
use rand::RngExt;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const VARIABLE: &str = "KERUST_TEST_TRAIN_IN";
const EPOCHS: usize = 24;

/// A custom callback that sums up the metrics it sees.
#[derive(Default)]
struct Sum {
    losses: f64,
    epochs: usize,
}

impl Callback for Sum {
    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        self.losses += training.logs()["loss"];
        self.epochs += 1;
        training.logs_mut().insert("sum", self.losses);
        Ok(())
    }

    fn state(&self, state: &mut CallbackState) {
        state.insert("losses", self.losses);
        state.insert("epochs", self.epochs);
    }

    fn restore(
        &mut self,
        state: &CallbackState,
        _training: &mut TrainingContext<'_>,
    ) -> Result<()> {
        self.losses = state.get("losses")?.unwrap_or_default();
        self.epochs = state.get("epochs")?.unwrap_or_default();
        Ok(())
    }
}

fn model() -> Compiled<Noisy, Class<3>> {
    Noisy::new(Seed(1)).compile(Adam::new(0.02), SparseCategoricalCrossentropy, Accuracy)
}

/// Every callback with state, twice where two can differ. The metrics they monitor get better and worse, so
/// that patience runs out and the best epoch is in the past.
fn fit<'a>(folder: &Path, epochs: usize, patience: usize) -> Fit<'a, Rank1<20>, Class<3>> {
    // If the process is killed, `BackupAndRestore` may not know about the end of the training.
    let is_killed = std::env::var_os(VARIABLE).is_some();
    let backup = BackupAndRestore::new(folder.join("backup.safetensors"));
    let best = ModelCheckpoint::new(folder.join("best.safetensors"))
        .monitor("val_loss")
        .save_best_only();
    let worst = ModelCheckpoint::new(folder.join("worst.safetensors"))
        .monitor("val_loss")
        .mode(Mode::Max)
        .save_best_only();
    Fit::epochs(epochs)
        .batch_size(8)
        .seed(Seed(5))
        .validation_split(0.3)
        .callback(CSVLogger::new(folder.join("log.csv")))
        .callback(CSVLogger::new(folder.join("all.csv")).append())
        .callback(best)
        // In the middle: those behind it are remembered too.
        .callback(backup.delete_checkpoint(!is_killed))
        .callback(worst)
        .callback(ModelCheckpoint::new(folder.join("{epoch}.safetensors")))
        .callback(
            ReduceLROnPlateau::monitor("val_loss")
                .factor(0.5)
                .patience(2)
                .cooldown(1),
        )
        .callback(
            EarlyStopping::monitor("val_loss")
                .patience(patience)
                .restore_best_weights(),
        )
        .callback(
            EarlyStopping::monitor("val_accuracy")
                .patience(100)
                .start_from_epoch(1),
        )
        .callback(TerminateOnNaN::new())
        .callback(Sum::default())
        .quiet()
}

/// Creates a folder with a table that other trainings wrote.
pub fn make(folder: &Path) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("all.csv"), "epoch,loss\n0,1\n").unwrap();
}

/// Trains to the end, and writes the results to the folder.
fn train(folder: &Path, patience: usize) {
    let mut model = model();
    let fit = fit(folder, EPOCHS, patience);
    let history = model.fit(&thirds::<20>(60), fit).unwrap();
    finish(folder, &model, &format!("{history:?}"));
}

fn finish(folder: &Path, model: &Compiled<Noisy, Class<3>>, history: &str) {
    fs::write(folder.join("history"), history).unwrap();
    model.save(folder.join("weights.safetensors")).unwrap();
    model.save_state(folder.join("state.safetensors")).unwrap();
}

/// All files of a folder with their contents, except the backup and files of interrupted saves.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    let files =
        files.filter(|(name, _)| !name.starts_with(".kerust-") && name != "backup.safetensors");
    let mut files: Vec<_> = files
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

pub fn assert_same(found: &Path, expected: &Path, what: &str) {
    let (found, expected) = (files(found), files(expected));
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&found), names(&expected), "{what}");
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        assert!(found == expected, "{what}: `{name}` differs");
    }
}

/// Ends a training with an error, as a full disk would.
pub struct Fails {
    pub epoch: usize,
}

impl Callback for Fails {
    fn on_epoch_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        match training.epoch() == self.epoch {
            true => Err(std::io::Error::other("the disk is full").into()),
            false => Ok(()),
        }
    }
}

#[test]
fn a_training_that_fails_at_any_epoch_ends_as_if_it_had_not() {
    let folder = tempfile::tempdir().unwrap();
    // With and without an early stop.
    for patience in [3, 100] {
        let straight = folder.path().join(format!("straight-{patience}"));
        make(&straight);
        train(&straight, patience);
        let lines = fs::read_to_string(straight.join("log.csv")).unwrap();
        let epochs = lines.lines().count() - 1;
        assert_eq!(epochs < EPOCHS, patience == 3, "{epochs} epochs");
        for epoch in 0..epochs {
            let cut = folder.path().join(format!("cut-{patience}-{epoch}"));
            make(&cut);
            let fit = fit(&cut, EPOCHS, patience).callback(Fails { epoch });
            model().fit(&thirds::<20>(60), fit).unwrap_err();
            train(&cut, patience);
            assert_same(&cut, &straight, &format!("cut before epoch {epoch}"));
        }
    }
}

#[test]
fn a_state_saved_after_any_epoch_is_gone_on_with_as_if_it_had_not_been_saved() {
    let folder = tempfile::tempdir().unwrap();
    let straight = folder.path().join("straight");
    make(&straight);
    train(&straight, 3);
    for epochs in 1..EPOCHS {
        let cut = folder.path().join(format!("cut-{epochs}"));
        make(&cut);
        let mut first = model();
        first.fit(&thirds::<20>(60), fit(&cut, epochs, 3)).unwrap();
        let path = folder.path().join("state.safetensors");
        first.save_state(&path).unwrap();
        let mut second = model();
        second.resume(&path).unwrap();
        assert_eq!(second.weights(), first.weights());
        let history = second.fit(&thirds::<20>(60), fit(&cut, EPOCHS, 3)).unwrap();
        finish(&cut, &second, &format!("{history:?}"));
        assert_same(&cut, &straight, &format!("saved after {epochs} epochs"));
    }
}

/// Runs in the child process: the test below starts only this one.
#[test]
fn child_trains_until_done() {
    if let Some(folder) = std::env::var_os(VARIABLE) {
        train(Path::new(&folder), 6);
        fs::write(Path::new(&folder).join("done"), "").unwrap();
    }
}

#[test]
fn a_training_that_is_killed_at_any_moment_ends_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let straight = folder.path().join("straight");
    make(&straight);
    train(&straight, 6);
    fs::write(straight.join("done"), "").unwrap();
    let mut rng = Seed(1).rng();
    let mut kills = 0;
    for run in 0..6 {
        let killed = folder.path().join(format!("killed-{run}"));
        make(&killed);
        while !killed.join("done").exists() {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "resume::child_trains_until_done",
                    "--test-threads=1",
                ])
                .env(VARIABLE, &killed)
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_micros(rng.random_range(3_000..60_000)));
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        assert_same(&killed, &straight, "killed");
    }
    assert!(kills > 12, "only {kills} kills: too few met a training");
}
