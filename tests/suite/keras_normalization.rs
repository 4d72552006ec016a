//! Compares `Normalization` with Keras: its statistics, its output, and its gradient.

use crate::golden::{Tensors, assert_close};
use kerust::__private::memory::Memory;
use kerust::activation::Linear;
use kerust::gradient::Gradient;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::rng::Step;
use kerust::tensor::StaticShape;

/// Keras sums in `float32`.
const TOLERANCE: f32 = 2e-5;

model! { Last: Input(3) => Normalization }
model! { Image: Input(3, 4, 2) => Normalization }
model! { Rows: Input(3, 4, 2) => Normalization(axis = 1) }
model! { Middle: Input(3, 4, 2) => Normalization(axis = -2) }
model! { Invert: Input(3) => Normalization(invert = true) }
model! { One: Input(3, 2) => Normalization(mean = 2.0, variance = 9.0) }
model! { Given: Input(3) => Normalization(mean = (0.5, 40.0, -1.0), variance = (0.25, 0.0, 4.0)) }
model! { Chain: Input(3) => Normalization => Dense(4) => Normalization }

fn golden() -> Tensors {
    Tensors::open("normalization.safetensors")
}

fn data<X: StaticShape>(case: &str) -> Dataset<X, Class<1>> {
    let values = golden().tensor(&format!("{case}.data"));
    let labels = vec![0usize; values.len() / X::LEN];
    Dataset::from_arrays(&values, &labels).unwrap()
}

fn outputs<M, X: StaticShape>(model: &M, x: &[f32]) -> Vec<f32>
where
    M: Model<Input = X>,
    M::Heads: for<'a> kerust::element::Elements<SlicesMut<'a> = &'a mut [f32]>,
{
    let batch = x.len() / X::LEN;
    let (mut arena, mut y) = (
        vec![0.0; batch * M::ARENA_LEN],
        vec![f32::NAN; batch * X::LEN],
    );
    model.logits(x, &mut Memory::new(&mut arena, batch), &mut y);
    y
}

/// Adapts a model of one layer, and compares it with the golden values of `case`.
fn check<M, X>(case: &str)
where
    X: StaticShape,
    M: Train<Input = X, Heads = Head<Linear, X>>,
{
    let golden = golden();
    let tensor = |name: &str| golden.tensor(&format!("{case}.{name}"));
    let mut net = M::new(Seed(1));
    if !M::LAYOUT.is_empty() {
        net.adapt(&data::<X>(case)).unwrap();
        let learnt = [tensor("mean"), tensor("variance")].concat();
        assert_close(case, net.as_slice(), &learnt, TOLERANCE);
    }
    assert_eq!(M::GRADIENT_LEN, 0, "{case}: no gradient is kept");
    let (x, dy) = (tensor("data"), tensor("dy"));
    assert_close(case, &outputs(&*net, &x), &tensor("y"), TOLERANCE);

    let batch = x.len() / X::LEN;
    let mut training = vec![f32::NAN; batch * M::TRAINING_LEN];
    let mut memory = Memory::new(&mut training, batch);
    net.forward_training(&x, &mut memory, Step::new(Seed(1), 0).over(0, batch));
    M::heads(&mut memory).gradient.copy_from_slice(&dy);
    let mut dx = vec![f32::NAN; x.len()];
    net.backward(&x, &mut memory, Gradient::none(), Some(&mut dx), false);
    let expected = tensor("dx");
    // The deviation 1e-7 makes gradients of 1e7.
    for (found, expected) in dx.iter().zip(&expected) {
        assert!((found - expected).abs() <= TOLERANCE * expected.abs().max(1.0));
    }
}

#[test]
fn each_axis_is_learnt_as_in_keras() {
    check::<Last, _>("last");
    check::<Image, _>("image");
    check::<Rows, _>("rows");
    check::<Middle, _>("middle");
    check::<Invert, _>("invert");
}

#[test]
fn given_numbers_are_used_as_in_keras() {
    assert_eq!((One::PARAMS, Given::PARAMS), (0, 0));
    check::<One, _>("one");
    check::<Given, _>("given");
}

#[test]
fn a_layer_behind_another_learns_what_that_one_makes_of_the_data() {
    let golden = golden();
    let mut net = Chain::new(Seed(1));
    let kernel = golden.tensor("chain.kernel");
    net.dense.kernel.as_flattened_mut().copy_from_slice(&kernel);
    net.adapt(&data::<Rank1<3>>("chain")).unwrap();
    let learnt = &net.normalization_1;
    assert_close(
        "mean",
        &learnt.mean,
        &golden.tensor("chain.mean"),
        TOLERANCE,
    );
    assert_close(
        "variance",
        &learnt.variance,
        &golden.tensor("chain.variance"),
        TOLERANCE,
    );
}

model! { Noisy: Input(3) => Dropout(0.5) => Normalization => Dense(1) => BatchNormalization => Normalization }

#[test]
fn learning_sees_what_inference_computes() {
    let data = data::<Rank1<3>>("last");
    let [mut noisy, mut plain] = [Noisy::new(Seed(1)), Noisy::new(Seed(1))];
    noisy.adapt(&data).unwrap();
    plain.adapt(&data.shuffle(Seed(2))).unwrap();
    assert_close(
        "mean",
        &noisy.normalization.mean,
        &golden().tensor("last.mean"),
        TOLERANCE,
    );
    let one = |net: &Noisy| [net.normalization_1.mean[0], net.normalization_1.variance[0]];
    assert_close("any order", &one(&noisy), &one(&plain), 1e-4);
    assert_eq!(noisy.batch_normalization.moving_mean, [0.0]);
}

#[test]
fn statistics_stay_in_training_and_in_the_file() {
    let data = data::<Rank1<3>>("last").map_labels(|_| Tensor::from([1.0, 0.0, 0.0, 0.0]));
    let mut net = Chain::new(Seed(1));
    net.adapt(&data).unwrap();
    let (first, second) = (net.normalization.clone(), net.normalization_1.clone());
    assert_eq!(Chain::GRADIENT_LEN, 3 * 4 + 4);
    let mut model = net.compile(Adam::new(0.1), MeanSquaredError, ());
    model.fit(&data, Fit::epochs(2).quiet()).unwrap();
    assert_eq!(model.model().normalization.mean, first.mean);
    assert_eq!(model.model().normalization_1.variance, second.variance);
    let path = std::env::temp_dir().join(format!(
        "kerust-normalization-{}.safetensors",
        std::process::id()
    ));
    model.save(&path).unwrap();
    let again = Chain::load(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(again.normalization.mean, first.mean);
    // The bits of an arena without a heap.
    let (x, mut arena) = (data.input(7), Arena::<Chain>::new());
    assert_eq!(again.predict_in(&x, &mut arena), model.predict(&x));
    let summary = Chain::summary();
    assert!(summary.contains("Non-trainable params: 14"), "{summary}");
    let error = model.unfreeze("normalization").unwrap_err().to_string();
    assert!(error.contains("`normalization`"), "{error}");
}

#[test]
fn invalid_data_for_adapt_is_an_error() {
    let none: Dataset<Rank1<3>, Class<1>> = Dataset::generate(0, |_| unreachable!());
    let error = Last::new(Seed(1)).adapt(&none).unwrap_err().to_string();
    assert_eq!(
        error,
        "the data set to adapt to is empty: found 0 samples, expected at least 1"
    );
    let some: Dataset<Rank1<3>, Class<1>> = Dataset::generate(40, |i| {
        (
            [0.0, 1.0, if i == 37 { f32::INFINITY } else { 0.0 }].into(),
            Class::new(0),
        )
    });
    let mut net = Last::new(Seed(1));
    let error = net.adapt(&some).unwrap_err().to_string();
    assert!(error.contains("sample 37"), "{error}");
    assert_eq!(net.normalization.variance, [1.0; 3]);
    let error = Given::new(Seed(1))
        .adapt(&some.take(30))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "`Given` has no layer that learns from data: expected a `Normalization` without `mean` and `variance`"
    );
}
