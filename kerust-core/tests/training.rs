//! Training as a whole: it learns, it repeats, it resumes, it refuses.
#![cfg(feature = "std")]

mod support;

use kerust_core::Error;
use kerust_core::activation::Linear as LinearHead;
use kerust_core::data::{Class, Dataset, Samples, samples};
use kerust_core::layer::LayerData;
use kerust_core::loss::{
    Batch, BinaryCrossentropy, Loss, MeanSquaredError, SparseCategoricalCrossentropy,
};
use kerust_core::metric::Accuracy;
use kerust_core::model::Head;
use kerust_core::optimizer::{Adam, CosineDecay, RMSprop, SGD};
use kerust_core::rng::Seed;
use kerust_core::tensor::Rank1;
use kerust_core::train::{
    Compiled, EarlyStopping, Exchange, Fit, LambdaCallback, TerminateOnNaN, TrainError, Workflow,
};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use support::{Huge, Linear, Mlp, Noisy, Wide, Xor, thirds, xor};

type NoisyTraining = Compiled<Noisy, Class<3>>;

fn noisy() -> NoisyTraining {
    Noisy::new(Seed(1)).compile(
        Adam::new(0.01).amsgrad(true).global_clipnorm(1.0),
        SparseCategoricalCrossentropy,
        Accuracy,
    )
}

fn scratch(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("kerust-training-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

#[test]
fn xor_is_learnt_without_an_error() {
    let mut model = Xor::new(Seed(1)).compile(Adam::new(0.05), BinaryCrossentropy, Accuracy);
    let history = model
        .fit(&xor(), Fit::epochs(300).batch_size(4).quiet())
        .unwrap();
    assert_eq!(history.len(), 300);
    assert!(history["loss"][299] < 0.05, "{}", history["loss"][299]);
    assert_eq!(model.evaluate(&xor()).unwrap()["accuracy"], 1.0);
    assert_eq!(model.optimizer_steps(), 300);
    for case in 0..4 {
        let expected = xor().label(case).is_positive();
        assert_eq!(
            model.predict(&xor().input(case)).as_slice()[0] > 0.5,
            expected
        );
    }
}

#[test]
fn predictions_of_a_data_set_are_those_of_its_samples() {
    let model = noisy();
    let data = thirds::<20>(41);
    let all = model.predict_all(&data).unwrap();
    assert_eq!(all.len(), 41);
    for (number, scores) in all.iter().enumerate() {
        let one = model.predict(&data.input(number));
        for (a, b) in one.as_slice().iter().zip(scores.as_slice()) {
            assert!((a - b).abs() < 1e-6);
        }
    }
}

#[test]
fn the_last_batch_counts_by_its_size() {
    let data = thirds::<20>(33);
    let mut model = noisy();
    let whole = model.evaluate_in_batches(&data, 33).unwrap();
    let parts = model.evaluate_in_batches(&data, 32).unwrap();
    assert!((whole["loss"] - parts["loss"]).abs() < 1e-6);
}

#[test]
fn one_seed_gives_the_same_bits_on_any_number_of_threads() {
    let data = thirds::<300>(200);
    let weights = |threads: usize, seed: u64| {
        let mut model = Wide::new(Seed(1)).compile(
            Adam::new(0.01).clipnorm(0.5).weight_decay(0.01),
            SparseCategoricalCrossentropy,
            Accuracy,
        );
        let fit = Fit::epochs(3).seed(Seed(seed)).threads(threads).quiet();
        model.fit(&data, fit).unwrap();
        model.weights().to_vec()
    };
    // 60 803 weights: more than one thread takes part in a step of the optimizer.
    assert!(Wide::LAYOUT.len() > 1 << 15);
    let one = weights(1, 5);
    assert!(one == weights(2, 5), "two threads");
    assert!(one == weights(3, 5), "three threads");
    assert!(one != weights(1, 6), "another seed");
}

#[test]
fn a_resumed_run_gets_the_bits_of_an_uninterrupted_one() {
    let data = thirds::<20>(50);
    let fit = |epochs| {
        Fit::epochs(epochs)
            .batch_size(16)
            .validation_split(0.2)
            .quiet()
    };
    let path = scratch("resume.safetensors");

    let mut straight = noisy();
    let history = straight.fit(&data, fit(6).seed(Seed(9))).unwrap();

    let mut first = noisy();
    first.fit(&data, fit(3).seed(Seed(9))).unwrap();
    first.save_state(&path).unwrap();
    let mut second = noisy();
    second.resume(&path).unwrap();
    assert_eq!(second.optimizer_steps(), first.optimizer_steps());
    let resumed = second.fit(&data, fit(6)).unwrap();

    assert_eq!(straight.weights(), second.weights());
    assert_eq!(history, resumed);
    assert_eq!(resumed.len(), 6);
}

#[test]
fn a_second_fit_begins_with_epoch_0_and_draws_new_orders() {
    let data = thirds::<20>(50);
    let mut model = noisy();
    let first = model.fit(&data, Fit::epochs(2).quiet()).unwrap();
    let second = model.fit(&data, Fit::epochs(2).quiet()).unwrap();
    assert_eq!((first.len(), second.len()), (2, 2));
    assert!(second["loss"][0] < first["loss"][0]);
    assert_eq!(model.optimizer_steps(), 8);
}

#[test]
fn a_state_of_another_optimizer_is_refused_and_nothing_changes() {
    let data = thirds::<20>(50);
    let path = scratch("other.safetensors");
    let mut adam = noisy();
    adam.fit(&data, Fit::epochs(1).quiet()).unwrap();
    adam.save_state(&path).unwrap();
    let mut sgd = Noisy::new(Seed(1)).compile(
        SGD::new(0.1).momentum(0.9),
        SparseCategoricalCrossentropy,
        Accuracy,
    );
    let before = sgd.weights().to_vec();
    sgd.resume(&path).unwrap_err();
    assert_eq!(sgd.weights(), before);
    assert_eq!(sgd.optimizer_steps(), 0);
}

#[test]
fn weights_are_saved_and_loaded() {
    let path = scratch("weights.safetensors");
    let model = noisy();
    model.save(&path).unwrap();
    let again = Noisy::load(&path).unwrap();
    assert_eq!(again.as_slice(), model.weights());
    let missing = Noisy::load(scratch("missing.safetensors"));
    assert!(missing.is_err());
}

#[test]
fn an_epoch_of_fewer_steps_goes_on_where_the_last_one_stopped() {
    let data = thirds::<20>(48);
    let settings = || Fit::epochs(3).batch_size(16).quiet();
    let mut whole = noisy();
    whole.fit(&data, settings()).unwrap();
    let mut steps = noisy();
    let fit = Fit::epochs(9).steps_per_epoch(1).batch_size(16).quiet();
    assert_eq!(steps.fit(&data, fit).unwrap().len(), 9);
    assert_eq!(whole.weights(), steps.weights());
}

#[test]
fn a_weight_is_wanted_for_each_sample() {
    let data = thirds::<20>(10);
    let weights = [1.0; 9];
    let error = noisy().fit(&data, Fit::epochs(1).sample_weight(&weights).quiet());
    assert_eq!(
        error.unwrap_err().to_string(),
        "expected 10 sample weights, one for each sample, found 9"
    );
}

#[test]
fn settings_that_make_no_sense_are_refused_before_anything_changes() {
    let data = thirds::<20>(10);
    let other = thirds::<20>(5);
    let none = thirds::<20>(0);
    let mut model = noisy();
    let before = model.weights().to_vec();
    let cases = [
        (
            Fit::epochs(1).batch_size(0),
            "`batch_size` is 0, expected at least 1",
        ),
        (
            Fit::epochs(1).validation_freq(0),
            "`validation_freq` is 0, expected at least 1",
        ),
        (
            Fit::epochs(1).steps_per_epoch(0),
            "`steps_per_epoch` is 0, expected at least 1",
        ),
        (
            Fit::epochs(1).threads(0),
            "`threads` is 0, expected at least 1",
        ),
        (
            Fit::epochs(1).validation_split(1.0),
            "`validation_split` is 1, expected a fraction from 0 up to, but without, 1",
        ),
        (
            Fit::epochs(1).validation_split(0.95),
            "`validation_split(0.95)` splits 10 samples into 0 to train on and 10 to validate on, \
             expected at least 1 in each",
        ),
        (
            Fit::epochs(1).validation_split(0.5).validation_data(&other),
            "found both `validation_data` and `validation_split`, expected one of them",
        ),
        (
            Fit::epochs(1).validation_data(&none),
            "the validation set is empty: found 0 samples, expected at least 1",
        ),
    ];
    for (fit, expected) in cases {
        let error = model.fit(&data, fit.quiet()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = model.fit(&none, Fit::epochs(1).quiet()).unwrap_err();
    let expected = "the training set is empty: found 0 samples, expected at least 1";
    assert_eq!(error.to_string(), expected);
    assert!(model.evaluate(&none).is_err());
    assert_eq!(model.weights(), before);
    assert!(model.fit(&data, Fit::epochs(0).quiet()).unwrap().is_empty());
}

/// A model whose loss is infinite after a few steps: without activation, at an absurd learning rate.
fn diverging() -> (Compiled<Linear, Rank1<1>>, Dataset<Rank1<2>, Rank1<1>>) {
    let model = Linear::new(Seed(1)).compile(SGD::new(1e6), MeanSquaredError, ());
    let data = Dataset::generate(64, |i| ([i as f32, 1.0].into(), [3.0].into()));
    (model, data)
}

#[test]
fn a_loss_that_is_not_finite_ends_the_training_with_the_history_and_an_end() {
    let (mut model, data) = diverging();
    let mut calls = Vec::new();
    let watch = LambdaCallback::new().on_train_end(|training| calls.push(training.failed()));
    let early = EarlyStopping::monitor("loss")
        .patience(100)
        .restore_best_weights();
    let mut first = None;
    let fit = Fit::epochs(50)
        .batch_size(64)
        .callback(early)
        .on_epoch_end(|training| {
            first.get_or_insert_with(|| training.weights().to_vec());
        })
        .callback(watch)
        .quiet();
    let error = model.fit(&data, fit).unwrap_err();
    let Error::Train(error) = error else {
        panic!("{error}")
    };
    let TrainError::NotFinite {
        epoch, step: 0, ref history, ..
    } = error
    else {
        panic!("{error}")
    };
    assert!(epoch > 0);
    assert_eq!(history.len(), epoch);
    assert_eq!(error.history(), Some(model.history()));
    assert_eq!(calls, [true]);
    // The first epoch was the best one.
    assert_eq!(model.weights(), first.unwrap());
    assert_eq!(model.optimizer_steps(), epoch as u64);
}

#[test]
fn terminate_on_nan_ends_the_training_without_an_error() {
    let (mut model, data) = diverging();
    let fit = || Fit::epochs(50).batch_size(64).quiet();
    let epochs = model.fit(&data, fit()).unwrap_err();
    let Error::Train(TrainError::NotFinite { epoch, .. }) = epochs else {
        panic!("{epochs}")
    };
    let (mut model, data) = diverging();
    let history = model
        .fit(&data, fit().callback(TerminateOnNaN::new()))
        .unwrap();
    assert_eq!(history.len(), epoch + 1);
    assert!(!history["loss"][epoch].is_finite());
    assert!(model.weights().iter().all(|weight| weight.is_finite()));
}

#[test]
fn nan_in_the_data_is_named_before_its_step_moves_anything() {
    let with = |bad: usize, x: f32, y: f32| {
        Dataset::<Rank1<2>, Rank1<1>>::generate(70, move |i| match i == bad {
            true => ([0.5, x].into(), [y].into()),
            false => ([0.5; 2].into(), [1.0].into()),
        })
    };
    let cases = [
        (with(66, f32::NAN, 1.0), "input of sample 66 is NaN at index 1"),
        (with(66, 0.5, f32::NAN), "label of sample 66 is NaN at index 0"),
        (with(66, f32::INFINITY, 1.0), "input of sample 66 is inf at index 1"),
        (with(66, 0.5, f32::NEG_INFINITY), "label of sample 66 is -inf at index 0"),
    ];
    for (data, expected) in cases {
        let mut model = Linear::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
        let fit = || Fit::epochs(2).shuffle(false).quiet();
        let mut two_steps = None;
        let watch = LambdaCallback::new().on_train_batch_end(|training| {
            two_steps = Some(training.weights().to_vec());
        });
        let error = model.fit(&data, fit().callback(watch)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{expected}, expected a finite number")
        );
        assert_eq!(model.optimizer_steps(), 2);
        assert_eq!(model.weights(), two_steps.unwrap());
    }
}

/// The absolute error, but 1 at most: `NaN.min(1.0)` is 1.
struct Cut;

impl Loss<Head<LinearHead, Rank1<1>>> for Cut {
    type Label = Rank1<1>;

    fn measure(
        &self,
        batch: Batch<'_, Head<LinearHead, Rank1<1>>, Rank1<1>>,
        gradient: Option<&mut [f32]>,
    ) -> f64 {
        batch.mean_of_values(gradient, |output, label| {
            let error = output - label;
            (f64::from(error.abs().min(1.0)), error.signum())
        })
    }
}

#[test]
fn nan_that_the_loss_swallows_is_found() {
    let data = Dataset::<Rank1<2>, Rank1<1>>::generate(4, |i| {
        let x = if i == 3 { f32::NAN } else { 0.5 };
        ([x; 2].into(), [1.0].into())
    });
    let mut model = Linear::new(Seed(1)).compile(SGD::new(0.1), Cut, ());
    assert!(model.evaluate(&data).unwrap()["loss"].is_finite());
    let error = model.fit(&data, Fit::epochs(1).shuffle(false).quiet());
    assert_eq!(
        error.unwrap_err().to_string(),
        "input of sample 3 is NaN at index 0, expected a finite number"
    );
    assert_eq!(model.optimizer_steps(), 0);
}

/// One of two machines, each a thread: they hand each other their sums.
struct Machine {
    part: fn(usize) -> Range<usize>,
    to: Sender<(Vec<f32>, f64)>,
    from: Receiver<(Vec<f32>, f64)>,
}

impl Exchange for Machine {
    fn share(&self, samples: usize) -> Range<usize> {
        (self.part)(samples)
    }

    fn sum(&mut self, gradient: &mut [f32], loss: &mut f64) -> kerust_core::Result<()> {
        let gone = || std::io::Error::other("the other machine is gone");
        self.to
            .send((gradient.to_vec(), *loss))
            .map_err(|_| gone())?;
        let (other, other_loss) = self.from.recv().map_err(|_| gone())?;
        gradient.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        *loss += other_loss;
        Ok(())
    }
}

#[test]
fn two_machines_train_as_one() {
    let data = thirds::<300>(20);
    let weights: Vec<f32> = (0..20).map(|number| number as f32 / 10.0).collect();
    let train = |machine: Option<Machine>| {
        let mut model =
            Wide::new(Seed(1)).compile(SGD::new(0.1), SparseCategoricalCrossentropy, Accuracy);
        // Batches of 8, 8 and 4; the second machine has 5, 5 and 1 of them.
        let fit = Fit::epochs(3).batch_size(8).sample_weight(&weights).quiet();
        let fit = match machine {
            Some(machine) => fit.exchange(machine),
            None => fit,
        };
        model.fit(&data, fit).unwrap();
        model.weights().to_vec()
    };
    let (to_second, from_first) = channel();
    let (to_first, from_second) = channel();
    let first = Machine {
        part: |samples| 0..samples.min(3),
        to: to_second,
        from: from_second,
    };
    let second = Machine {
        part: |samples| samples.min(3)..samples,
        to: to_first,
        from: from_first,
    };
    let (a, b) = std::thread::scope(|scope| {
        let first = scope.spawn(|| train(Some(first)));
        (train(Some(second)), first.join().unwrap())
    });
    assert_eq!(a, b);
    let whole = train(None);
    let gap = a.iter().zip(&whole).map(|(a, b)| (a - b).abs());
    assert!(gap.fold(0.0, f32::max) < 1e-6);
}

#[test]
fn a_machine_that_is_gone_ends_the_training_before_the_step() {
    let (to, _) = channel();
    let (_, from) = channel();
    let part = |samples| 0..samples;
    let mut model = noisy();
    let before = model.weights().to_vec();
    let fit = Fit::epochs(1).exchange(Machine { part, to, from }).quiet();
    let error = model.fit(&thirds::<20>(5), fit).unwrap_err();
    assert_eq!(error.to_string(), "the other machine is gone");
    assert_eq!(model.weights(), before);
}

#[test]
fn weights_of_samples_and_classes_are_finite() {
    let data = thirds::<20>(3);
    let weights = [1.0, f32::NAN, 1.0];
    let cases = [
        (Fit::epochs(1).sample_weight(&weights), "`sample_weight` is NaN at place 1"),
        (Fit::epochs(1).class_weight(weights), "`class_weight` is NaN at place 1"),
    ];
    for (fit, expected) in cases {
        let error = noisy().fit(&data, fit.quiet()).unwrap_err();
        assert_eq!(error.to_string(), format!("{expected}, expected a finite number"));
    }
}

/// The samples of [`thirds`], of which the number `broken` cannot be read while it is there.
fn source(broken: Arc<AtomicUsize>) -> impl Samples<Rank1<20>, Class<3>> {
    let data = thirds::<20>(50);
    samples::from_fn::<Rank1<20>, Class<3>>(50, move |number, x, y| {
        if number == broken.load(Relaxed) {
            return Err("the cable is out".into());
        }
        x.as_mut_slice().copy_from_slice(data.input(number).as_slice());
        *y = *data.label(number);
        Ok(())
    })
}

#[test]
fn a_source_trains_as_a_data_set_of_its_samples() {
    let data = thirds::<20>(50);
    let source = source(Arc::new(AtomicUsize::new(usize::MAX)));
    let fit = || Fit::epochs(2).batch_size(16);
    let (mut a, mut b) = (noisy(), noisy());
    let fit_a = fit().validation_data(&data).quiet();
    let fit_b = fit().validation_data(&source).quiet();
    assert_eq!(a.fit(&data, fit_a).unwrap(), b.fit(&source, fit_b).unwrap());
    assert_eq!(a.weights(), b.weights());
    assert_eq!(a.evaluate(&data).unwrap(), b.evaluate(&source).unwrap());
    assert_eq!(a.predict_all(&data).unwrap(), b.predict_all(&source).unwrap());
    let split = || fit().validation_split(0.3).quiet();
    assert_eq!(a.fit(&data, split()).unwrap(), b.fit(&source, split()).unwrap());
}

#[test]
fn a_source_that_fails_within_an_epoch_loses_nothing() {
    let broken = Arc::new(AtomicUsize::new(usize::MAX));
    let source = source(Arc::clone(&broken));
    let fit = || Fit::epochs(4).batch_size(8).seed(Seed(3));
    let mut straight = noisy();
    let history = straight.fit(&source, fit().quiet()).unwrap();

    // The cable goes out after 10 steps: in the second epoch, before its fourth step.
    let mut steps = 0;
    let mut weights = Vec::new();
    let watch = LambdaCallback::new().on_train_batch_end(|training| {
        steps += 1;
        if steps == 10 {
            weights = training.weights().to_vec();
            broken.store(17, Relaxed);
        }
        if steps > 10 {
            weights = training.weights().to_vec();
        }
    });
    let mut model = noisy();
    let error = model.fit(&source, fit().callback(watch).quiet()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read sample 17: the cable is out");
    assert_eq!(model.weights(), weights);
    assert_eq!(model.optimizer_steps(), steps);
    assert_eq!(model.history().len(), steps as usize / 7);
    assert_eq!(model.history()["loss"][0], history["loss"][0]);

    let path = scratch("broken.safetensors");
    model.save_state(&path).unwrap();
    broken.store(usize::MAX, Relaxed);
    let mut resumed = noisy();
    resumed.resume(&path).unwrap();
    let whole = resumed.fit(&source, fit().quiet()).unwrap();
    assert_eq!(resumed.weights(), straight.weights());
    assert_eq!(whole.len(), history.len());
    assert_eq!(whole["loss"][3], history["loss"][3]);
    // The model that was not resumed goes on too, with a training of its own.
    assert_eq!(model.fit(&source, Fit::epochs(1).quiet()).unwrap().len(), 1);
}

#[test]
fn a_schedule_follows_the_steps() {
    let mut model = Mlp::new(Seed(1)).compile(
        RMSprop::new(CosineDecay::new(0.01).steps(4)).rho(0.9),
        BinaryCrossentropy,
        Accuracy,
    );
    assert_eq!(model.learning_rate(), 0.01);
    let data = Dataset::generate(64, |i| ([0.5; 20].into(), (i % 2 == 0).into()));
    model.fit(&data, Fit::epochs(1).quiet()).unwrap();
    assert!((model.learning_rate() - 0.005).abs() < 1e-8);
    model.set_learning_rate(0.25);
    assert_eq!(model.learning_rate(), 0.25);
}

#[test]
fn ten_million_parameters_train_on_a_stack_of_two_mebibytes() {
    let work = || {
        let mut model = Huge::new(Seed(1)).compile(Adam::new(0.001), BinaryCrossentropy, Accuracy);
        assert!(model.weights().len() > 10_000_000);
        let data = Dataset::generate(2, |i| ([0.5; 3000].into(), (i == 0).into()));
        let before = model.predict(&data.input(0));
        model
            .fit(&data, Fit::epochs(1).batch_size(2).quiet())
            .unwrap();
        assert_ne!(model.predict(&data.input(0)), before);
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(work).unwrap().join().unwrap();
}
