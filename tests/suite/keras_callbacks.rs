//! Callbacks against Keras, driven by the same series of losses: what each did, and when.

use crate::golden::{json, scratch};
use kerust::Result;
use kerust::prelude::*;
use kerust::train::Inference;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

model! { One: Input(1) => Dense(1, kernel_initializer = zeros) }

type Line = Compiled<One, Rank1<1>>;

fn zeros(count: usize) -> Dataset<Rank1<1>, Rank1<1>> {
    Dataset::generate(count, |_| ([0.0].into(), [0.0].into()))
}

fn model() -> Line {
    One::new(Seed(1)).compile(SGD::new(0.5), MeanSquaredError, ())
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_f64().unwrap())
        .collect()
}

/// Sets the losses of each epoch, and the weight to the number of batches so far.
struct Driver {
    losses: Vec<f64>,
    val_losses: Vec<f64>,
    batches: usize,
}

impl Callback for Driver {
    fn on_train_batch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        self.batches += 1;
        training.weights_mut()[0] = self.batches as f32;
        let loss = self.losses[training.epoch()];
        training.logs_mut().insert("loss", loss);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        let epoch = training.epoch();
        training.logs_mut().insert("loss", self.losses[epoch]);
        if let Some(loss) = self.val_losses.get(epoch) {
            training.logs_mut().insert("val_loss", *loss);
        }
        Ok(())
    }
}

/// The callbacks of a case, with their arguments under Keras's names.
enum Made {
    Early(EarlyStopping),
    Plateau(ReduceLROnPlateau),
    Checkpoint(ModelCheckpoint),
}

fn mode(name: &Value) -> Mode {
    match name.as_str().unwrap() {
        "max" => Mode::Max,
        "min" => Mode::Min,
        other => panic!("{other}"),
    }
}

fn made(kind: &str, arguments: &Value, folder: &Path) -> Made {
    let arguments = arguments.as_object().unwrap();
    let monitor = arguments
        .get("monitor")
        .map_or("val_loss", |it| it.as_str().unwrap());
    let others = arguments
        .iter()
        .filter(|(name, _)| !["monitor", "filepath"].contains(&name.as_str()));
    let count = |value: &Value| value.as_u64().unwrap() as usize;
    let number = |value: &Value| value.as_f64().unwrap();
    match kind {
        "EarlyStopping" => Made::Early(others.fold(
            EarlyStopping::monitor(monitor),
            |it, (name, value)| match name.as_str() {
                "patience" => it.patience(count(value)),
                "min_delta" => it.min_delta(number(value)),
                "mode" => it.mode(mode(value)),
                "baseline" => it.baseline(number(value)),
                "start_from_epoch" => it.start_from_epoch(count(value)),
                "restore_best_weights" => it.restore_best_weights(),
                other => panic!("{other}"),
            },
        )),
        "ReduceLROnPlateau" => Made::Plateau(others.fold(
            ReduceLROnPlateau::monitor(monitor),
            |it, (name, value)| match name.as_str() {
                "factor" => it.factor(number(value)),
                "patience" => it.patience(count(value)),
                "cooldown" => it.cooldown(count(value)),
                "min_lr" => it.min_lr(number(value)),
                "min_delta" => it.min_delta(number(value)),
                "mode" => it.mode(mode(value)),
                other => panic!("{other}"),
            },
        )),
        "ModelCheckpoint" => {
            let path = format!("{}.safetensors", arguments["filepath"].as_str().unwrap());
            let checkpoint = ModelCheckpoint::new(folder.join(path)).monitor(monitor);
            Made::Checkpoint(
                others.fold(checkpoint, |it, (name, value)| match name.as_str() {
                    "save_best_only" => it.save_best_only(),
                    "save_freq" => it.save_freq(count(value)),
                    "initial_value_threshold" => it.initial_value_threshold(number(value)),
                    "mode" => it.mode(mode(value)),
                    other => panic!("{other}"),
                }),
            )
        }
        other => panic!("{other}"),
    }
}

/// The weights in the files of a folder.
fn files(folder: &Path) -> BTreeMap<String, f64> {
    let entries = std::fs::read_dir(folder).unwrap();
    let weights = entries.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (
            name,
            f64::from(One::load(&path).unwrap().dense.kernel[0][0]),
        )
    });
    weights.collect()
}

fn check(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let folder = scratch(name);
    let callbacks = case["callbacks"].as_array().unwrap().iter();
    let mut callbacks: Vec<Made> = callbacks
        .map(|it| made(it[0].as_str().unwrap(), &it[1], &folder))
        .collect();
    let (mut model, data) = (model(), zeros(4));
    let fits = case["fits"].as_array().unwrap().iter();
    for (series, expected) in fits.zip(case["seen"].as_array().unwrap()) {
        let driver = Driver {
            losses: numbers(&series[0]),
            val_losses: numbers(&series[1]),
            batches: 0,
        };
        let mut fit = Fit::epochs(driver.losses.len())
            .batch_size(1)
            .shuffle(false)
            .hints(false)
            .quiet();
        if !driver.val_losses.is_empty() {
            fit = fit.validation_data(&data);
        }
        fit = fit.callback(driver);
        for made in &mut callbacks {
            fit = match made {
                Made::Early(early) => fit.callback(early),
                Made::Plateau(plateau) => fit.callback(plateau),
                Made::Checkpoint(checkpoint) => fit.callback(checkpoint),
            };
        }
        let (mut rates, mut weights) = (Vec::new(), Vec::new());
        let fit = fit.on_epoch_end(|training| {
            rates.push(f64::from(training.learning_rate()));
            weights.push(f64::from(training.weights()[0]));
        });
        let history = model.fit(&data, fit).unwrap();
        assert_eq!(
            history.len() as u64,
            expected["epochs"].as_u64().unwrap(),
            "{name}: epochs"
        );
        assert_eq!(rates, numbers(&expected["rates"]), "{name}: learning rates");
        assert_eq!(weights, numbers(&expected["weights"]), "{name}: weights");
        let last = f64::from(model.weights()[0]);
        assert_eq!(
            last,
            expected["last_weight"].as_f64().unwrap(),
            "{name}: the weight at the end"
        );
        let early = callbacks.iter().find_map(|made| match made {
            Made::Early(early) => Some([early.stopped_epoch(), early.best_epoch()]),
            _ => None,
        });
        if let Some(found) = early {
            let expected =
                ["stopped_epoch", "best_epoch"].map(|it| expected[it].as_u64().unwrap() as usize);
            assert_eq!(
                found, expected,
                "{name}: the epoch that stopped, and the best one"
            );
        }
    }
    let expected: BTreeMap<String, f64> = serde_json::from_value(case["files"].clone()).unwrap();
    assert_eq!(files(&folder), expected, "{name}: files and their weights");
}

#[test]
fn callbacks_act_when_those_of_keras_do() {
    let golden = json("callbacks.json");
    assert_eq!(golden["keras"], "3.15.1");
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() > 40, "{}", cases.len());
    cases.iter().for_each(check);
}

/// Writes down the calls of the hooks, with the number of the epoch or the batch.
#[derive(Default)]
struct Recorder(Vec<(&'static str, Option<usize>)>);

macro_rules! record {
    ($($hook:ident $number:ident,)+) => {
        impl Callback for Recorder {
            $(fn $hook(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
                self.0.push((stringify!($hook), record!(@$number training)));
                Ok(())
            })+
        }
    };
    (@none $training:ident) => {{ let _ = $training; None }};
    (@$number:ident $training:ident) => { Some($training.$number()) };
}
record! {
    on_train_begin none, on_train_end none,
    on_epoch_begin epoch, on_epoch_end epoch,
    on_train_batch_begin batch, on_train_batch_end batch,
    on_test_begin none, on_test_end none,
    on_test_batch_begin batch, on_test_batch_end batch,
    on_predict_begin none, on_predict_end none,
    on_predict_batch_begin batch, on_predict_batch_end batch,
}

#[test]
fn hooks_are_called_in_the_order_of_keras() {
    let golden = json("callbacks.json");
    let check = |part: &str, recorder: &Recorder| {
        let expected: Vec<(String, Option<usize>)> = golden["hooks"][part]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                (
                    it[0].as_str().unwrap().to_owned(),
                    it.get(1).map(|it| it.as_u64().unwrap() as usize),
                )
            })
            .collect();
        let found: Vec<_> = recorder
            .0
            .iter()
            .map(|(hook, number)| ((*hook).to_owned(), *number))
            .collect();
        assert_eq!(found, expected, "{part}");
    };
    let (mut model, data, validation) = (model(), zeros(5), zeros(3));
    let mut recorder = Recorder::default();
    let fit = Fit::epochs(3)
        .batch_size(2)
        .validation_data(&validation)
        .validation_freq(2)
        .validation_batch_size(2)
        .quiet();
    model.fit(&data, fit.callback(&mut recorder)).unwrap();
    check("fit", &recorder);
    let mut recorder = Recorder::default();
    model
        .evaluate_with(
            &data,
            Inference::new().batch_size(2).callback(&mut recorder),
        )
        .unwrap();
    check("evaluate", &recorder);
    let mut recorder = Recorder::default();
    let outputs = model
        .predict_with(
            &data,
            Inference::new().batch_size(2).callback(&mut recorder),
        )
        .unwrap();
    check("predict", &recorder);
    assert_eq!(outputs, model.predict_all(&data).unwrap());
}

#[test]
fn an_evaluation_hands_its_results_to_its_callbacks() {
    let (mut model, data) = (model(), zeros(5));
    let mut seen = Vec::new();
    let at_end = LambdaCallback::new().on_test_end(|training| seen.push(training.logs()["loss"]));
    let logs = model
        .evaluate_with(&data, Inference::new().callback(at_end))
        .unwrap();
    assert_eq!(seen, [logs["loss"]]);
    assert_eq!(logs["loss"], model.evaluate(&data).unwrap()["loss"]);
}

/// The bytes of the only file of a folder.
fn only_file(folder: &Path) -> Vec<u8> {
    let mut entries = std::fs::read_dir(folder).unwrap();
    let path = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    std::fs::read(path).unwrap()
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|it| it == &part).count()
}

model! {
    Board {
        let left = Input(1);
        let right = Input(1);
        let hidden = left => Dense(2, relu, name = hidden);
        let joined = Concatenate(hidden, right);
        joined => Dense(1)
    }
}

#[test]
fn tensor_board_gets_batches_evaluations_and_the_graph() {
    let folder = scratch("tensor-board");
    let data: Dataset<(Rank1<1>, Rank1<1>), Rank1<1>> =
        Dataset::generate(10, |i| (([i as f32].into(), [1.0].into()), [0.5].into()));
    let mut model = Board::new(Seed(1)).compile(SGD::new(0.001), MeanSquaredError, ());
    // 5 batches an epoch: after the batches 2, 4, .., 14.
    let board = TensorBoard::new(&folder).update_freq(2).histogram_freq(2);
    let fit = Fit::epochs(3)
        .batch_size(2)
        .validation_data(&data)
        .callback(board)
        .quiet();
    let history = model.fit(&data, fit).unwrap();
    let (train, validation) = (
        only_file(&folder.join("train")),
        only_file(&folder.join("validation")),
    );
    assert_eq!(count(&train, b"batch_loss"), 7);
    assert_eq!(count(&train, b"epoch_loss"), 3);
    assert_eq!(count(&train, b"hidden/kernel/histogram"), 2);
    assert_eq!(count(&validation, b"evaluation_loss_vs_iterations"), 3);
    assert_eq!(count(&validation, b"epoch_loss"), 3);
    // The tensor of a text and the plugin, as TensorFlow 2.21 writes them.
    assert_eq!(count(&train, b"\x08\x07\x12\x00\x42"), 1);
    assert_eq!(
        count(
            &train,
            b"\x4a\x18\x0a\x16\x0a\x11graph_keras_model\x12\x011"
        ),
        1
    );

    let Some(python) = std::env::var_os("KERUST_TENSORBOARD_PYTHON") else {
        eprintln!("`KERUST_TENSORBOARD_PYTHON` is not set: TensorBoard itself was not asked");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/check_tensorboard.py");
    let output = std::process::Command::new(python)
        .arg(script)
        .arg(&folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (part, series) in [("train", "loss"), ("validation", "val_loss")] {
        let found = read[part]["scalars"]["epoch_loss"].as_array().unwrap();
        assert_eq!(found.len(), 3);
        for (epoch, (found, expected)) in found.iter().zip(&history[series]).enumerate() {
            assert_eq!(found[0].as_u64(), Some(epoch as u64));
            assert_eq!(found[1].as_f64().unwrap() as f32, *expected as f32);
        }
    }
    let steps = |tag: &str, part: &str| -> Vec<u64> {
        let values = read[part]["scalars"][tag].as_array().unwrap().iter();
        values.map(|value| value[0].as_u64().unwrap()).collect()
    };
    assert_eq!(steps("batch_loss", "train"), [2, 4, 6, 8, 10, 12, 14]);
    assert_eq!(
        steps("evaluation_loss_vs_iterations", "validation"),
        [5, 10, 15]
    );
    let histogram = &read["train"]["histograms"]["hidden/kernel/histogram"];
    assert_eq!(histogram[1], serde_json::json!([2, 2.0]));
    let graph = read["train"]["graph"].as_array().unwrap();
    let node = |name: &str| {
        graph
            .iter()
            .find(|node| node[0].as_str().unwrap().ends_with(name))
            .unwrap()
    };
    assert!(
        node("hidden")[1][0].as_str().unwrap().ends_with("left"),
        "{graph:?}"
    );
    assert_eq!(node("concatenate")[1].as_array().unwrap().len(), 2);
}
