//! NaN and infinity in the data and in the loss.

use super::noisy;
use crate::support::{Linear, thirds};
use kerust_core::activation::Linear as LinearHead;
use kerust_core::data::Dataset;
use kerust_core::loss::{Batch, Loss, MeanSquaredError};
use kerust_core::model::Head;
use kerust_core::optimizer::SGD;
use kerust_core::rng::Seed;
use kerust_core::tensor::Rank1;
use kerust_core::train::{Compiled, EarlyStopping, Fit, LambdaCallback, TerminateOnNaN, Workflow};

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
    assert!(error.is_training() && error.is_not_finite(), "{error}");
    assert_eq!(error.history(), Some(model.history()));
    let epoch = model.history().len();
    assert!(epoch > 0);
    let place = format!("in step 1 of epoch {}", epoch + 1);
    assert!(error.to_string().contains(&place), "{error}");
    assert_eq!(calls, [true]);
    // The first epoch was the best one.
    assert_eq!(model.weights(), first.unwrap());
    assert_eq!(model.optimizer_steps(), epoch as u64);
}

#[test]
fn terminate_on_nan_ends_the_training_without_an_error() {
    let (mut model, data) = diverging();
    let fit = || Fit::epochs(50).batch_size(64).quiet();
    let error = model.fit(&data, fit()).unwrap_err();
    let epoch = error.history().unwrap_or_else(|| panic!("{error}")).len();
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
        (
            with(66, f32::NAN, 1.0),
            "input of sample 66 is NaN at index 1",
        ),
        (
            with(66, 0.5, f32::NAN),
            "label of sample 66 is NaN at index 0",
        ),
        (
            with(66, f32::INFINITY, 1.0),
            "input of sample 66 is inf at index 1",
        ),
        (
            with(66, 0.5, f32::NEG_INFINITY),
            "label of sample 66 is -inf at index 0",
        ),
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

/// The absolute error, limited to 1: `NaN.min(1.0)` is 1.
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

#[test]
fn weights_of_samples_and_classes_are_finite() {
    let data = thirds::<20>(3);
    let weights = [1.0, f32::NAN, 1.0];
    let cases = [
        (
            Fit::epochs(1).sample_weight(&weights),
            "`sample_weight` is NaN at index 1",
        ),
        (
            Fit::epochs(1).class_weight(weights),
            "`class_weight` is NaN at index 1",
        ),
    ];
    for (fit, expected) in cases {
        let error = noisy().fit(&data, fit.quiet()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{expected}, expected a finite number")
        );
    }
}
