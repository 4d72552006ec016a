//! Compares training with Keras step by step: the same weights, the same batches, the same losses.

use crate::golden::{Tensors, assert_close, json};
use kerust::layer::LayerData;
use kerust::prelude::*;
use std::path::Path;

model! {
    Fashion:
        Input(28, 28, 1)
        => Rescaling(1.0 / 255.0)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

model! { Small: Input(20) => Dense(32, relu) => Dense(1, sigmoid) }

type Images = Dataset<Rank3<28, 28, 1>, Class<10>>;

/// The formula that gives both sides their weights: value number `index` of tensor number `tensor`, in [0,
/// 1).
pub fn uniform(tensor: u32, index: usize) -> f32 {
    let mut hash = (index as u32)
        .wrapping_mul(2_654_435_761)
        .wrapping_add((tensor + 1).wrapping_mul(40_503));
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(2_246_822_519);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(3_266_489_917);
    hash ^= hash >> 16;
    (hash >> 8) as f32 / (1 << 24) as f32
}

/// Glorot-uniform weights by the formula.
pub fn glorot(kernel: &mut impl LayerData, tensor: u32, fans: usize) {
    let limit = (6.0 / fans as f64).sqrt() as f32;
    for (index, value) in kernel.as_mut_slice().iter_mut().enumerate() {
        *value = (2.0 * uniform(tensor, index) - 1.0) * limit;
    }
}

fn fashion() -> Box<Fashion> {
    let mut net = Fashion::zeroed();
    glorot(&mut net.conv2d.kernel, 0, 9 + 90);
    glorot(&mut net.dense.kernel, 2, 7840 + 64);
    glorot(&mut net.dense_1.kernel, 4, 64 + 10);
    net
}

fn images() -> (Images, Images) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/fashion_mnist");
    datasets::fashion_mnist::load_from(folder).unwrap()
}

/// `count` samples from `start` on, as one batch for `fit`.
fn batch<X: Data, Y: Data>(data: &Dataset<X, Y>, start: usize, count: usize) -> Dataset<X, Y>
where
    X::Value: Clone,
    Y::Value: Clone,
{
    Dataset::generate(count, |i| {
        (
            (*data.input(start + i)).clone(),
            (*data.label(start + i)).clone(),
        )
    })
}

/// The loss of each step, for one batch at a time.
pub fn losses<N: Train, Y: Data>(
    model: &mut Compiled<N, Y>,
    data: &Dataset<N::Input, Y>,
    batch_size: usize,
    steps: usize,
) -> Vec<f32>
where
    <N::Input as Data>::Value: Clone,
    Y::Value: Clone,
{
    let step = |step: usize| {
        let batch = batch(data, step * batch_size, batch_size);
        let fit = Fit::epochs(1).batch_size(batch_size).shuffle(false).quiet();
        model.fit(&batch, fit).unwrap()["loss"][0] as f32
    };
    (0..steps).map(step).collect()
}

pub fn golden_losses(run: &serde_json::Value) -> Vec<f32> {
    let losses = run["losses"].as_array().unwrap();
    losses
        .iter()
        .map(|loss| loss.as_f64().unwrap() as f32)
        .collect()
}

#[test]
fn the_first_predictions_equal_keras() {
    let (_, test) = images();
    let net = fashion();
    let found: Vec<f32> = (0..8)
        .flat_map(|i| net.predict(&test.input(i)).as_slice().to_vec())
        .collect();
    let expected = Tensors::open("training.safetensors").tensor("cnn.initial_outputs");
    assert_close("outputs", &found, &expected, 1e-5);
}

#[test]
fn fifty_adam_steps_follow_keras() {
    let (train, test) = images();
    let mut model = fashion().compile(Adam::new(0.001), SparseCategoricalCrossentropy, ());
    let found = losses(&mut model, &train, 64, 50);
    let expected = golden_losses(&json("training.json")["cnn"]);
    let gap = |(found, expected): (&f32, &f32)| (found - expected).abs() / expected;
    let worst = found.iter().zip(&expected).map(gap).fold(0.0, f32::max);
    println!("worst relative gap of 50 losses: {worst:e}");
    assert!(worst < 1e-4, "worst relative gap {worst:e}");
    let found: Vec<f32> = (0..8)
        .flat_map(|i| model.predict(&test.input(i)).as_slice().to_vec())
        .collect();
    let expected = Tensors::open("training.safetensors").tensor("cnn.final_outputs");
    assert_close("final outputs", &found, &expected, 1e-4);
}

/// Compares an optimizer with the golden run of its name: 30 losses and the final weights.
fn optimizer_equals_keras(run: &str, optimizer: impl Optimizer + 'static) {
    let data: Dataset<Rank1<20>, Binary> = Dataset::generate(480, |i| {
        let x: [f32; 20] = std::array::from_fn(|j| uniform(9, 20 * i + j));
        let sum: f64 = x.iter().copied().map(f64::from).sum();
        (x.into(), (sum > 10.0).into())
    });
    let mut net = Small::zeroed();
    glorot(&mut net.dense.kernel, 0, 20 + 32);
    glorot(&mut net.dense_1.kernel, 2, 32 + 1);
    let mut model = net.compile(optimizer, BinaryCrossentropy, ());
    let found = losses(&mut model, &data, 16, 30);
    let expected = golden_losses(&json("training.json")["mlp_runs"][run]);
    assert_close(&format!("{run}: loss"), &found, &expected, 5e-6);

    let golden = Tensors::open("training.safetensors");
    let names = [
        "dense.kernel",
        "dense.bias",
        "dense_1.kernel",
        "dense_1.bias",
    ];
    let expected: Vec<f32> = names
        .iter()
        .flat_map(|name| golden.tensor(&format!("mlp.{run}.{name}")))
        .collect();
    assert_close(&format!("{run}: weight"), model.weights(), &expected, 2e-5);
}

macro_rules! optimizers {
    ($($run:ident: $optimizer:expr;)+) => {$(
        #[test]
        fn $run() {
            optimizer_equals_keras(stringify!($run), $optimizer);
        }
    )+};
}

optimizers! {
    sgd: SGD::new(0.1);
    sgd_momentum: SGD::new(0.05).momentum(0.9);
    sgd_nesterov: SGD::new(0.05).momentum(0.9).nesterov(true);
    rmsprop: RMSprop::new(0.003).rho(0.9);
    rmsprop_centered_momentum: RMSprop::new(0.003).rho(0.9).momentum(0.9).centered(true);
    adam: Adam::new(0.01);
    adam_amsgrad: Adam::new(0.01).amsgrad(true);
    adam_beta_2: Adam::new(0.01).beta_2(0.7);
    adam_beta_2_amsgrad: Adam::new(0.01).beta_2(0.7).amsgrad(true);
    adam_clipnorm: Adam::new(0.01).clipnorm(0.1);
    adam_global_clipnorm: Adam::new(0.01).global_clipnorm(0.1);
    adam_clipvalue: Adam::new(0.01).clipvalue(0.01);
    adam_weight_decay: Adam::new(0.01).weight_decay(0.01);
}
