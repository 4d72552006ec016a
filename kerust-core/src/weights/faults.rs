//! Every single call of the system that saving makes fails once: what is on the disk stays whole.

use super::file_system::faults::{Fault, with_fault};
use crate::Result;
use crate::data::Binary;
use crate::loss::BinaryCrossentropy;
use crate::metric::Accuracy;
use crate::optimizer::Adam;
use crate::rng::Seed;
use crate::train::{
    BackupAndRestore, Callback, Compiled, Fit, ModelCheckpoint, Training, Workflow,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use support::{Xor, xor};

#[path = "../../tests/support/mod.rs"]
mod support;

/// Content of a file; `None` where there is none.
type Content = Option<Vec<u8>>;

fn content(path: &Path) -> Content {
    fs::read(path).ok()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".csv")).collect()
}

/// Lets each call of `work` on what is in a folder fail, and then it and all behind it.
///
/// `work` saves to the path that it is given, where `before` stands; `whole` are the contents that may
/// stand there afterwards.
fn fail_each_call(before: &Content, whole: &BTreeSet<Content>, work: impl Fn(&Path) -> Result<()>) {
    let mut operations = BTreeSet::new();
    let mut reached = true;
    let mut call = 0;
    while reached {
        for fault in [Fault::Only(call), Fault::From(call)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("net.safetensors");
            if let Some(before) = before {
                fs::write(&path, before).unwrap();
            }
            let (outcome, is_reached) = with_fault(folder.path(), fault, || work(&path));
            let found = content(&path);
            assert!(
                whole.contains(&found),
                "{fault:?}: found a file that nobody saved"
            );
            reached = is_reached;
            if !is_reached {
                outcome.unwrap();
                continue;
            }
            let message = outcome.expect_err("a call failed").to_string();
            let (operation, rest) = message.split_once('`').expect("a path");
            assert!(operation.starts_with("cannot "), "{message}");
            // The folder that a checkpoint makes is told by its own name.
            let named = match operation {
                "cannot create " => folder.path(),
                _ => &*path,
            };
            assert_eq!(rest, format!("{}`: a fault of the test", named.display()));
            operations.insert(operation.trim().to_owned());

            let leftovers = |names: &[String]| {
                names
                    .iter()
                    .filter(|name| *name != "net.safetensors")
                    .count()
            };
            if fault == Fault::Only(call) {
                assert_eq!(leftovers(&names(folder.path())), 0, "{message}");
            }
            // What a kill leaves behind is gone after the next save.
            assert!(leftovers(&names(folder.path())) <= 1);
            work(&path).unwrap();
            assert_eq!(leftovers(&names(folder.path())), 0, "{message}");
        }
        call += 1;
    }
    for operation in [
        "cannot inspect",
        "cannot create a temporary file beside",
        "cannot write",
        "cannot sync",
        "cannot rename a temporary file to",
        #[cfg(unix)]
        "cannot sync the folder of",
    ] {
        assert!(
            operations.contains(operation),
            "{operation} is not in {operations:?}"
        );
    }
}

fn model() -> Compiled<Xor, Binary> {
    Xor::new(Seed(1)).compile(Adam::default(), BinaryCrossentropy, Accuracy)
}

fn fit(callback: impl Callback) -> Result<()> {
    let fit = Fit::epochs(2).callback(callback).quiet();
    model().fit(&xor(), fit).map(drop)
}

/// What a callback leaves at a path after each epoch, and in the end.
fn contents<C: Callback>(saves: impl Fn(&Path) -> C) -> BTreeSet<Content> {
    struct Collects<'a>(&'a Path, &'a mut BTreeSet<Content>);
    impl Callback for Collects<'_> {
        fn on_epoch_end(&mut self, _: &mut Training<'_>) -> Result<()> {
            self.1.insert(content(self.0));
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let mut found = BTreeSet::from([None]);
    let both = Fit::epochs(2)
        .callback(saves(&path))
        .callback(Collects(&path, &mut found))
        .quiet();
    model().fit(&xor(), both).unwrap();
    assert_eq!(found.len(), 3, "two epochs, and nothing");
    found
}

#[test]
fn a_save_leaves_the_old_file_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let saved = |seed| {
        let path = folder.path().join("whole.safetensors");
        super::save(&path, &*Xor::new(Seed(seed))).unwrap();
        content(&path)
    };
    let (old, new) = (saved(1), saved(2));
    for before in [None, old] {
        let whole = BTreeSet::from([before.clone(), new.clone()]);
        fail_each_call(&before, &whole, |path| {
            super::save(path, &*Xor::new(Seed(2)))
        });
    }
}

#[test]
fn a_checkpoint_is_one_epochs_weights() {
    let whole = contents(|path: &Path| ModelCheckpoint::new(path));
    fail_each_call(&None, &whole, |path| fit(ModelCheckpoint::new(path)));
}

#[test]
fn a_backup_is_one_epochs_state_and_lets_the_training_go_on() {
    let whole = contents(|path: &Path| BackupAndRestore::new(path));
    fail_each_call(&None, &whole, |path| fit(BackupAndRestore::new(path)));
    // Where a state stands already, reading it fails too.
    let kept = |path: &Path| BackupAndRestore::new(path).delete_checkpoint(false);
    let first = whole
        .iter()
        .flatten()
        .find(|state| String::from_utf8_lossy(state).contains("\"training.epoch\":\"1\""));
    fail_each_call(&first.cloned(), &whole, |path| fit(kept(path)));
}
