//! Callbacks, with the metrics of each epoch set by hand: exactly Keras's semantics.

use crate::support::{Xor, xor};
use kerust_core::Result;
use kerust_core::data::Binary;
use kerust_core::layer::LayerData;
use kerust_core::loss::BinaryCrossentropy;
use kerust_core::metric::Accuracy;
use kerust_core::optimizer::{Adam, CosineDecay, SGD};
use kerust_core::rng::Seed;
use kerust_core::train::{
    BackupAndRestore, CSVLogger, Callback, Compiled, EarlyStopping, Fit, History, LambdaCallback,
    LearningRateScheduler, Mode, ModelCheckpoint, ReduceLROnPlateau, SwapEMAWeights, TensorBoard,
    TrainingContext, Workflow,
};
use std::fs;
use std::path::PathBuf;

fn model() -> Compiled<Xor, Binary> {
    Xor::new(Seed(1)).compile(SGD::new(0.5), BinaryCrossentropy, Accuracy)
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kerust-callbacks-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Sets the loss of each epoch, and the first weight to the epoch's number.
struct Losses(&'static [f64]);

impl Callback for Losses {
    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        let epoch = training.epoch();
        training.logs_mut().insert("loss", self.0[epoch]);
        training.weights_mut()[0] = epoch as f32;
        Ok(())
    }
}

fn fit_losses(losses: &'static [f64], callback: impl Callback) -> (Compiled<Xor, Binary>, History) {
    let mut model = model();
    let fit = Fit::epochs(losses.len())
        .callback(Losses(losses))
        .callback(callback);
    let history = model.fit(&xor(), fit.quiet()).unwrap();
    (model, history)
}

#[test]
fn early_stopping_waits_for_its_patience() {
    let mut early = EarlyStopping::monitor("loss").patience(2);
    let (model, history) = fit_losses(&[1.0, 0.5, 0.6, 0.7, 0.1], &mut early);
    assert_eq!(history["loss"], [1.0, 0.5, 0.6, 0.7]);
    assert_eq!((early.stopped_epoch(), early.best_epoch()), (3, 1));
    assert_eq!(model.weights()[0], 3.0);
}

#[test]
fn early_stopping_restores_the_best_weights_when_it_stops_and_when_it_does_not() {
    let early = || {
        EarlyStopping::monitor("loss")
            .patience(2)
            .restore_best_weights()
    };
    let (model, _) = fit_losses(&[1.0, 0.5, 0.6, 0.7, 0.1], early());
    assert_eq!(model.weights()[0], 1.0);
    let (model, history) = fit_losses(&[1.0, 0.5, 0.6], early());
    assert_eq!((model.weights()[0], history.len()), (1.0, 3));
}

#[test]
fn early_stopping_without_patience_never_stops_after_the_first_epoch() {
    let (_, history) = fit_losses(&[1.0, 1.0, 1.0], EarlyStopping::monitor("loss"));
    assert_eq!(history.len(), 2);
}

#[test]
fn early_stopping_takes_small_changes_for_none() {
    let early = EarlyStopping::monitor("loss").patience(2).min_delta(-0.1);
    let (_, history) = fit_losses(&[1.0, 0.95, 0.91, 0.5], early);
    assert_eq!(history.len(), 3);
}

#[test]
fn early_stopping_must_beat_the_baseline_to_wait_anew() {
    let early = EarlyStopping::monitor("loss").patience(2).baseline(0.3);
    // Better from epoch to epoch, but never below the baseline: the third is no improvement.
    let (_, history) = fit_losses(&[1.0, 0.5, 0.5, 0.1], early);
    assert_eq!(history.len(), 3);
}

#[test]
fn early_stopping_starts_from_an_epoch() {
    let early = EarlyStopping::monitor("loss").start_from_epoch(2);
    let (_, history) = fit_losses(&[1.0, 2.0, 3.0, 2.0, 4.0, 1.0], early);
    assert_eq!(history.len(), 5);
}

#[test]
fn early_stopping_can_watch_what_rises() {
    let early = EarlyStopping::monitor("loss").mode(Mode::Max);
    let (_, history) = fit_losses(&[1.0, 2.0, 1.5, 3.0], early);
    assert_eq!(history.len(), 3);
}

#[test]
fn an_unknown_number_is_refused_before_training() {
    let mut model = model();
    let before = model.weights().to_vec();
    let fit = Fit::epochs(1)
        .callback(EarlyStopping::monitor("val_loss"))
        .quiet();
    let error = model.fit(&xor(), fit).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`EarlyStopping` monitors `val_loss`, expected one of `loss`, `accuracy`"
    );
    assert_eq!(model.weights(), before);
}

#[test]
fn a_number_that_some_epochs_lack_is_watched_in_the_others() {
    let data = xor();
    let early = EarlyStopping::monitor("val_loss").patience(1);
    let fit = Fit::epochs(4)
        .validation_data(&data)
        .validation_freq(2)
        .callback(early)
        .quiet();
    let history = model().fit(&data, fit).unwrap();
    assert_eq!((history["loss"].len(), history["val_loss"].len()), (4, 2));
    assert_eq!(history.last().unwrap()["val_loss"], history["val_loss"][1]);
}

#[test]
fn a_checkpoint_keeps_the_best_weights_alone() {
    let path = scratch("new folder/best.safetensors");
    let checkpoint = ModelCheckpoint::new(&path).monitor("loss").save_best_only();
    fit_losses(&[1.0, 0.5, 0.7], checkpoint);
    assert_eq!(Xor::load(&path).unwrap().dense.kernel[0][0], 1.0);
}

#[test]
fn a_checkpoint_fills_in_its_name() {
    let path = scratch("{epoch:02d}-{loss:.2f}.safetensors");
    fit_losses(&[1.0, 0.5], ModelCheckpoint::new(&path));
    assert_eq!(
        Xor::load(scratch("01-1.00.safetensors"))
            .unwrap()
            .dense
            .kernel[0][0],
        0.0
    );
    assert_eq!(
        Xor::load(scratch("02-0.50.safetensors"))
            .unwrap()
            .dense
            .kernel[0][0],
        1.0
    );
}

#[test]
fn a_checkpoint_counts_batches_over_epochs() {
    let folder = scratch("batches");
    let checkpoint = ModelCheckpoint::new(folder.join("{epoch}-{batch:02d}.safetensors"));
    // 4 batches in an epoch: after the third, the sixth and the ninth of 12.
    let fit = Fit::epochs(3).batch_size(1).quiet();
    model()
        .fit(&xor(), fit.callback(checkpoint.save_freq(3)))
        .unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = ["1-03", "2-02", "3-01", "3-04"].map(|name| format!("{name}.safetensors"));
    assert_eq!(names, expected);
}

#[test]
fn a_checkpoint_within_an_epoch_knows_no_validation() {
    let checkpoint = || ModelCheckpoint::new(scratch("x.safetensors")).save_freq(2);
    let fit = |checkpoint: ModelCheckpoint| {
        let data = xor();
        let fit = Fit::epochs(1).validation_data(&data).quiet();
        let error = model().fit(&xor(), fit.callback(checkpoint)).unwrap_err();
        error.to_string()
    };
    let message = fit(checkpoint().save_best_only());
    assert!(message.contains("`val_loss`"), "{message}");
    let message = fit(ModelCheckpoint::new(scratch("{val_loss}.safetensors")).save_freq(2));
    assert!(
        message.ends_with("expected one of `epoch`, `batch`, `loss`, `accuracy`"),
        "{message}"
    );
}

#[test]
fn averages_are_exchanged_only_where_they_are_kept() {
    let message = refusal(SwapEMAWeights::new());
    assert_eq!(
        message,
        "a callback exchanges the weights with their moving averages, but the optimizer keeps none, expected \
         `.use_ema(true)`"
    );
}

#[test]
fn a_checkpoint_behind_an_exchange_saves_the_averages() {
    let path = scratch("averages.safetensors");
    let mut model = Xor::new(Seed(1)).compile(
        SGD::new(0.5).use_ema(true).ema_momentum(0.5),
        BinaryCrossentropy,
        Accuracy,
    );
    let mut raw = Vec::new();
    let fit = Fit::epochs(3)
        .quiet()
        .callback(SwapEMAWeights::new().swap_on_epoch())
        .callback(ModelCheckpoint::new(&path))
        .callback(LambdaCallback::new().on_train_batch_end(|training| {
            raw.push(training.weights().to_vec());
        }));
    model.fit(&xor(), fit).unwrap();
    // Half of the last weights, a quarter of those before, and a quarter of the first.
    let average = |place: usize| 0.5 * raw[2][place] + 0.25 * raw[1][place] + 0.25 * raw[0][place];
    let saved = Xor::load(&path).unwrap();
    for (place, (saved, last)) in saved.as_slice().iter().zip(model.weights()).enumerate() {
        assert!((saved - average(place)).abs() < 1e-6);
        // The end of the training leaves the averages too, once.
        assert_eq!(saved, last);
    }
}

#[test]
fn a_checkpoint_refuses_an_unknown_placeholder_before_training() {
    let checkpoint = ModelCheckpoint::new("{val_loss:.2f}.safetensors");
    let error = model().fit(&xor(), Fit::epochs(1).callback(checkpoint).quiet());
    assert_eq!(
        error.unwrap_err().to_string(),
        "a file's name holds `{val_loss:.2f}`, expected one of `epoch`, `loss`, `accuracy`"
    );
}

/// The message with which `fit` refuses a callback, before the first epoch.
fn refusal(callback: impl Callback) -> String {
    let mut model = model();
    let before = model.weights().to_vec();
    let fit = Fit::epochs(1).callback(callback).quiet();
    let message = model.fit(&xor(), fit).unwrap_err().to_string();
    assert_eq!(model.weights(), before);
    message
}

#[test]
fn invalid_paths_are_rejected_before_the_first_epoch() {
    let folder = scratch("refused");
    fs::create_dir_all(folder.join("folder")).unwrap();
    for name in [
        "net.keras",
        "net-{epoch:02d}-{loss:.2f}.h5",
        "new/net.H5",
        "net.onnx",
    ] {
        let message = refusal(ModelCheckpoint::new(folder.join(name)));
        assert!(message.starts_with("cannot save to `"), "{message}");
        assert!(message.contains("`.safetensors`"), "{message}");
    }
    for name in ["backup.keras", "backup.weights.h5"] {
        let message = refusal(BackupAndRestore::new(folder.join(name)));
        assert!(message.ends_with("expected `.safetensors`"), "{message}");
    }
    let found = "found a folder, expected a file or an unused name";
    let message = refusal(ModelCheckpoint::new(folder.join("folder")));
    assert!(message.ends_with(found), "{message}");
    let message = refusal(BackupAndRestore::new(folder.join("folder")));
    assert!(message.ends_with(found), "{message}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_checkpoint_and_a_backup_whose_names_are_no_text_are_written_exactly_there() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = scratch("no text");
    let place = |name: &[u8]| folder.join(OsStr::from_bytes(name));
    fs::create_dir_all(&folder).unwrap();
    let template = place(b"folder-\xff/net-\xc3{epoch:02d}.safetensors");
    fit_losses(&[1.0, 0.5], ModelCheckpoint::new(template));
    let backup = place(b"backup-\xfe.safetensors");
    let keeps = BackupAndRestore::new(&backup).delete_checkpoint(false);
    fit_losses(&[1.0, 0.5], keeps);
    assert!(backup.exists());
    for (epoch, weight) in [(b'1', 0.0), (b'2', 1.0)] {
        let mut name = b"folder-\xff/net-\xc30?.safetensors".to_vec();
        *name.iter_mut().find(|byte| **byte == b'?').unwrap() = epoch;
        let saved = Xor::load(place(&name)).unwrap();
        assert_eq!(saved.dense.kernel[0][0], weight);
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn a_plateau_reduces_the_learning_rate() {
    let plateau = ReduceLROnPlateau::monitor("loss")
        .factor(0.5)
        .patience(2)
        .cooldown(1)
        .min_lr(0.2);
    let losses = &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    let (model, history) = fit_losses(losses, plateau);
    // Keras 3.15: reduced after epoch 2, cools in epoch 3, waits in 3 and 4, reduced after 4.
    assert_eq!(
        history["learning_rate"],
        [0.5, 0.5, 0.5, 0.25, 0.25, 0.2f32.into(), 0.2f32.into()]
    );
    assert_eq!(model.learning_rate(), 0.2);
}

#[test]
fn a_scheduler_sets_the_learning_rate_of_each_epoch() {
    let scheduler =
        LearningRateScheduler::new(|epoch, rate| if epoch < 2 { rate } else { rate / 2.0 });
    let (_, history) = fit_losses(&[1.0; 4], scheduler);
    assert_eq!(history["learning_rate"], [0.5, 0.5, 0.25, 0.125]);
}

#[test]
fn a_schedule_is_not_overruled_by_a_callback() {
    let mut model = Xor::new(Seed(1)).compile(
        Adam::new(CosineDecay::new(0.1, 10)),
        BinaryCrossentropy,
        Accuracy,
    );
    let fit = Fit::epochs(1)
        .callback(LearningRateScheduler::new(|_, rate| rate))
        .quiet();
    let error = model.fit(&xor(), fit).unwrap_err().to_string();
    assert!(error.contains("the optimizer has a schedule"), "{error}");
}

#[test]
fn a_table_holds_a_line_for_each_epoch() {
    let path = scratch("log.csv");
    let mut model = model();
    let data = xor();
    let fit = Fit::epochs(2)
        .validation_data(&data)
        .validation_freq(2)
        .callback(Losses(&[1.0, 0.5]))
        .callback(CSVLogger::new(&path))
        .quiet();
    let history = model.fit(&data, fit).unwrap();
    let accuracy = &history["accuracy"];
    let expected = format!(
        "epoch,accuracy,loss,val_accuracy,val_loss\n0,{},1,NA,NA\n1,{},0.5,{},{}\n",
        accuracy[0], accuracy[1], history["val_accuracy"][0], history["val_loss"][0]
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}

#[test]
fn tensor_board_gets_a_file_for_the_training_and_one_for_its_validation() {
    let folder = scratch("board");
    let mut model = model();
    let data = xor();
    let board = TensorBoard::new(&folder).histogram_freq(1);
    let fit = Fit::epochs(2).validation_data(&data).callback(board);
    model.fit(&data, fit.quiet()).unwrap();
    for (part, names) in [
        (
            "train",
            &[
                "epoch_loss",
                "epoch_accuracy",
                "epoch_learning_rate",
                "/histogram",
            ][..],
        ),
        ("validation", &["epoch_loss", "epoch_accuracy"]),
    ] {
        let mut files = fs::read_dir(folder.join(part)).unwrap();
        let bytes = fs::read(files.next().unwrap().unwrap().path()).unwrap();
        assert!(files.next().is_none());
        for name in names {
            let found = bytes
                .windows(name.len())
                .filter(|it| *it == name.as_bytes());
            assert!(found.count() >= 2, "{part}: {name}");
        }
    }
}

#[test]
fn a_backup_lets_an_interrupted_training_go_on_bit_for_bit() {
    struct Fails;
    impl Callback for Fails {
        fn on_epoch_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
            match training.epoch() {
                3 => {
                    training.set_learning_rate(0.0)?;
                    let fault = std::io::ErrorKind::Interrupted.into();
                    Err(kerust_core::Error::io("keep", "power")(fault))
                }
                _ => Ok(()),
            }
        }
    }
    let path = scratch("backup.safetensors");
    let fit = || {
        Fit::epochs(6)
            .batch_size(2)
            .callback(BackupAndRestore::new(&path))
            .quiet()
    };
    let mut straight = model();
    let history = straight.fit(&xor(), fit()).unwrap();
    assert!(!path.exists());

    model().fit(&xor(), fit().callback(Fails)).unwrap_err();
    assert!(path.exists());
    let mut again = model();
    let resumed = again.fit(&xor(), fit()).unwrap();
    assert_eq!(again.weights(), straight.weights());
    assert_eq!(resumed, history);
    assert!(!path.exists());
}

#[test]
fn closures_see_the_course_of_a_training() {
    let mut seen = Vec::new();
    let mut ends = 0;
    let fit = Fit::epochs(2)
        .batch_size(2)
        .callback(LambdaCallback::new().on_train_batch_end(|training| {
            seen.push((training.epoch(), training.batch(), training.batches()));
        }))
        .on_epoch_end(|_| ends += 1)
        .quiet();
    model().fit(&xor(), fit).unwrap();
    assert_eq!(seen, [(0, 0, 2), (0, 1, 2), (1, 0, 2), (1, 1, 2)]);
    assert_eq!(ends, 2);
}

#[test]
fn a_stop_within_an_epoch_ends_it() {
    let mut model = model();
    let stop = LambdaCallback::new().on_train_batch_end(|training| {
        if training.batch() == 1 {
            training.stop();
        }
    });
    let fit = Fit::epochs(5).batch_size(1).callback(stop).quiet();
    assert_eq!(model.fit(&xor(), fit).unwrap().len(), 1);
    assert_eq!(model.optimizer_steps(), 2);
}
