//! Tests in which each system call of a save fails once. The files on the disk must stay complete.

mod logs;

use super::file_system::faults::{Fault, with_fault};
use crate::Result;
use crate::activation::Sigmoid;
use crate::data::{Binary, Dataset};
use crate::gradient::Gradient;
use crate::layer::{LayerData, Layout, Part};
use crate::loss::BinaryCrossentropy;
use crate::memory::{Buffer, Memory, Plan};
use crate::metric::Accuracy;
use crate::model::{Head, HeadPass, LayerInfo, Model, Setting, Train};
use crate::optimizer::Adam;
use crate::rng::{Rng, Seed, Step};
use crate::tensor::{Rank1, Tensor};
use crate::train::{
    BackupAndRestore, Callback, Compiled, Fit, ModelCheckpoint, TrainingContext, Workflow,
};
use rand::RngExt;
use std::collections::BTreeSet;
use std::fs;
use std::mem::offset_of;
use std::path::Path;

/// A model with one weight and its bias, written by hand, since `model!` is defined in another crate.
#[repr(C)]
struct Line {
    kernel: [f32; 1],
    bias: [f32; 1],
}

const fn part(name: &'static str, offset: usize) -> Part {
    Part {
        name,
        offset,
        trainable: true,
        layout: <[f32; 1]>::LAYOUT,
    }
}

// SAFETY: `repr(C)`, fields of `f32` arrays in the order of the layout.
unsafe impl LayerData for Line {
    const LAYOUT: Layout = Layout::Parts(&[
        part("kernel", offset_of!(Self, kernel)),
        part("bias", offset_of!(Self, bias)),
    ]);
}

/// The logits, and their gradient.
const PLAN: Plan<2> = Plan::new([Buffer::new(1, 0, 2), Buffer::new(1, 0, 2)], []);

impl Line {
    fn forward(&self, x: &[f32], y: &mut [f32]) {
        for (x, y) in x.iter().zip(y) {
            *y = self.kernel[0] * x + self.bias[0];
        }
    }
}

impl Model for Line {
    type Input = Rank1<1>;
    type Heads = Head<Sigmoid, Rank1<1>>;
    type Storage = [u32; 0];
    const NAME: &'static str = "Line";
    const HEADS: &'static [&'static str] = &[];
    const LAYERS: &'static [LayerInfo] = &[];
    const ARENA_LEN: usize = 0;

    fn logits(&self, x: &[f32], _: &mut Memory<'_>, y: &mut [f32]) {
        self.forward(x, y);
    }
}

impl Train for Line {
    const TRAINING_LEN: usize = PLAN.len();
    const GRADIENT_LEN: usize = 2;
    const SETTINGS: &'static [Setting] = &[];

    fn init(&mut self, rng: &mut Rng) {
        self.kernel[0] = rng.random();
    }

    fn forward_training(&self, x: &[f32], memory: &mut Memory<'_>, _: Step<'_>) {
        let [logits] = memory.get(const { PLAN.places([0]) });
        self.forward(x, logits);
    }

    fn heads<'m>(memory: &'m mut Memory<'_>) -> HeadPass<'m, Self::Heads> {
        let [logits, gradient] = memory.get(const { PLAN.places([0, 1]) });
        HeadPass { logits, gradient }
    }

    fn backward(
        &self,
        x: &[f32],
        memory: &mut Memory<'_>,
        gradient: Gradient<'_>,
        _: Option<&mut [f32]>,
        accumulate: bool,
    ) {
        let [dy] = memory.get::<f32, 1>(const { PLAN.places([1]) });
        let Some(gradient) = gradient.of::<Self>() else {
            return;
        };
        if !accumulate {
            *gradient = Self {
                kernel: [0.0],
                bias: [0.0],
            };
        }
        for (x, dy) in x.iter().zip(dy) {
            gradient.kernel[0] += x * *dy;
            gradient.bias[0] += *dy;
        }
    }
}

fn data() -> Dataset<Rank1<1>, Binary> {
    Dataset::generate(4, |n| (Tensor::from([n as f32]), (n > 1).into()))
}

/// The content of a file; `None` if it does not exist.
type Content = Option<Vec<u8>>;

fn content(path: &Path) -> Content {
    fs::read(path).ok()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".csv")).collect()
}

/// Lets each system call of `work` in a folder fail: first only that call, and then that call and all later
/// ones.
///
/// `work` saves to the given path, which holds `before`. `whole` are the contents that are allowed
/// afterwards.
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
            // The error for the folder that a checkpoint creates names that folder.
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
            // Leftovers of a kill are removed by the next save.
            assert!(leftovers(&names(folder.path())) <= 1);
            work(&path).unwrap();
            assert_eq!(leftovers(&names(folder.path())), 0, "{message}");
        }
        call += 1;
    }
    for operation in [
        "cannot inspect",
        "cannot create a temporary file next to",
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

fn model() -> Compiled<Line, Binary> {
    Line::new(Seed(1)).compile(Adam::default(), BinaryCrossentropy, Accuracy)
}

fn fit(callback: impl Callback) -> Result<()> {
    let fit = Fit::epochs(2).callback(callback).quiet();
    model().fit(&data(), fit).map(drop)
}

/// The contents that a callback leaves at a path after each epoch and at the end.
fn contents<C: Callback>(saves: impl Fn(&Path) -> C) -> BTreeSet<Content> {
    struct Collects<'a>(&'a Path, &'a mut BTreeSet<Content>);
    impl Callback for Collects<'_> {
        fn on_epoch_begin(&mut self, _: &mut TrainingContext<'_>) -> Result<()> {
            self.1.insert(content(self.0));
            Ok(())
        }

        // Called before the callback that may remove its file at the end.
        fn on_train_end(&mut self, _: &mut TrainingContext<'_>) -> Result<()> {
            self.1.insert(content(self.0));
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let mut found = BTreeSet::from([None]);
    let both = Fit::epochs(2)
        .callback(Collects(&path, &mut found))
        .callback(saves(&path))
        .quiet();
    model().fit(&data(), both).unwrap();
    assert!(found.len() >= 3, "two epochs, and nothing");
    found
}

#[test]
fn a_save_leaves_the_old_file_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let saved = |seed| {
        let path = folder.path().join("whole.safetensors");
        super::save(&path, &*Line::new(Seed(seed))).unwrap();
        content(&path)
    };
    let (old, new) = (saved(1), saved(2));
    for before in [None, old] {
        let whole = BTreeSet::from([before.clone(), new.clone()]);
        fail_each_call(&before, &whole, |path| {
            super::save(path, &*Line::new(Seed(2)))
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
    // If there is a state already, reading it fails too.
    let kept = |path: &Path| BackupAndRestore::new(path).delete_checkpoint(false);
    let first = whole
        .iter()
        .flatten()
        .find(|state| String::from_utf8_lossy(state).contains("\"training.epoch\":\"1\""));
    fail_each_call(&first.cloned(), &whole, |path| fit(kept(path)));
}
