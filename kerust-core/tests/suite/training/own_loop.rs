//! Custom training loops, and optimizers whose state is more than slots.

use super::{noisy, scratch};
use crate::support::{Noisy, Xor, thirds, xor};
use kerust_core::data::Dataset;
use kerust_core::loss::{BinaryCrossentropy, SparseCategoricalCrossentropy};
use kerust_core::metric::Accuracy;
use kerust_core::optimizer::{Adafactor, Lamb, Muon, Optimizer, SGD};
use kerust_core::rng::Seed;
use kerust_core::train::{Fit, LambdaCallback, SwapEMAWeights, Workflow};

#[test]
fn steps_by_hand_are_those_of_fit() {
    let data = thirds(45);
    let fit = Fit::epochs(2).batch_size(7).shuffle(false).quiet();
    let mut fitted = noisy();
    let history = fitted.fit(&data, fit).unwrap();
    let mut by_hand = noisy();
    let mut in_parts = noisy();
    let mut losses = Vec::new();
    for _epoch in 0..2 {
        let mut rest = data.clone();
        while !rest.is_empty() {
            let batch = rest.take(7);
            let fraction = batch.len() as f64 / rest.len() as f64;
            rest = rest.split(fraction).1;
            let logs = by_hand.train_step(&batch).unwrap();
            losses.push((logs["loss"], batch.len()));
            let step = in_parts.compute_gradient(&batch).unwrap();
            assert_eq!(step.loss(), logs["loss"]);
            assert_eq!(step.apply(), logs);
        }
    }
    let bits = |weights: &[f32]| weights.iter().map(|w| w.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(by_hand.weights()), bits(fitted.weights()));
    assert_eq!(bits(in_parts.weights()), bits(fitted.weights()));
    let epoch = &losses[losses.len() / 2..];
    let total: f64 = epoch.iter().map(|(loss, len)| loss * *len as f64).sum();
    let mean = total / data.len() as f64;
    assert!((mean - history["loss"][1]).abs() < 1e-9);
}

#[test]
fn a_gradient_may_be_changed_before_it_is_applied() {
    let compile = || Xor::new(Seed(1)).compile(SGD::new(0.5), BinaryCrossentropy, Accuracy);
    let mut model = compile();
    let before = model.weights().to_vec();
    let mut step = model.compute_gradient(&xor()).unwrap();
    step.values_mut().fill(1.0);
    step.apply();
    for (after, before) in model.weights().iter().zip(before) {
        assert_eq!(*after, before - 0.5);
    }
    // A gradient that is not applied changes nothing.
    let before = model.weights().to_vec();
    assert!(model.compute_gradient(&xor()).unwrap().loss() > 0.0);
    assert_eq!(model.weights(), before);
}

#[test]
fn a_batch_without_samples_is_refused() {
    let empty = Dataset::generate(0, |_| unreachable!());
    let error = noisy().train_step(&empty).unwrap_err().to_string();
    assert_eq!(
        error,
        "the batch to train on is empty: found 0 samples, expected at least 1"
    );
}

/// Compares a training that is resumed after two of four epochs with one that was not interrupted.
#[track_caller]
fn check_resume<O: Optimizer + 'static>(name: &str, optimizer: impl Fn() -> O, swaps: bool) {
    let data = thirds(45);
    let path = scratch(name);
    let run = |resumed: bool| {
        let mut model =
            Noisy::new(Seed(1)).compile(optimizer(), SparseCategoricalCrossentropy, Accuracy);
        if resumed {
            model.resume(&path).unwrap();
        }
        let mut fit = Fit::epochs(4).batch_size(8).validation_data(&data).quiet();
        if swaps {
            fit = fit.callback(SwapEMAWeights::new().swap_on_epoch());
        }
        let save = LambdaCallback::new().on_epoch_end(|training| {
            if training.epoch() == 1 {
                training.save_state(&path);
            }
        });
        let history = model.fit(&data, fit.callback(save)).unwrap();
        let bits: Vec<u32> = model.weights().iter().map(|w| w.to_bits()).collect();
        (history["val_loss"].to_vec(), bits)
    };
    let whole = run(false);
    assert_eq!(run(true), whole, "{name}");
}

#[test]
fn all_that_an_optimizer_keeps_is_in_the_state() {
    check_resume("adafactor", || Adafactor::new(0.01), false);
    check_resume("muon", || Muon::new(0.01), false);
    let kept = || Lamb::new(0.01).gradient_accumulation_steps(3).use_ema(true);
    check_resume("lamb", kept, false);
    check_resume("lamb swapped", kept, true);
}

#[test]
fn a_state_of_other_averages_is_refused() {
    let path = scratch("other averages");
    let compile = |ema| {
        let optimizer = SGD::new(0.1).use_ema(ema);
        Xor::new(Seed(1)).compile(optimizer, BinaryCrossentropy, Accuracy)
    };
    compile(true).save_state(&path).unwrap();
    let error = compile(false).resume(&path).unwrap_err().to_string();
    assert_eq!(
        error,
        "the state belongs to another training: its `optimizer` is `sgd average`, expected `sgd`"
    );
}
