//! Training as a whole: it learns, is reproducible, can be resumed, and rejects invalid input.

mod faults;
mod hints;
mod own_loop;
mod sources;

use crate::support::{Huge, Mlp, Noisy, Wide, Xor, thirds, xor};
use kerust_core::data::{Class, Dataset};
use kerust_core::layer::LayerData;
use kerust_core::loss::{BinaryCrossentropy, SparseCategoricalCrossentropy};
use kerust_core::metric::Accuracy;
use kerust_core::optimizer::{Adam, CosineDecay, RMSprop, SGD};
use kerust_core::rng::Seed;
use kerust_core::train::{Compiled, Fit, Workflow};

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
            "`validation_split` is 1, expected a fraction of at least 0 and below 1",
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

#[test]
fn a_schedule_follows_the_steps() {
    let mut model = Mlp::new(Seed(1)).compile(
        RMSprop::new(CosineDecay::new(0.01, 4)).rho(0.9),
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
