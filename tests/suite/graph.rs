//! Graphs: branches, several outputs, models as layers, shared weights.

use kerust::__private::memory::Memory;
use kerust::activation::HeadActivation;
use kerust::data::Data;
use kerust::element::Elements;
use kerust::gradient::Gradient;
use kerust::layer::LayerData;
use kerust::model;
use kerust::model::{Arena, Head, Heads, Model, Source, Train};
use kerust::rng::{Seed, Step};
use kerust::tensor::{StaticShape, Tensor, Tensors};

model! {
    /// One input with two branches, and a value that three layers read.
    pub Fans {
        let x = Input(5);
        let a = x => Dense(4, tanh);
        let b = x => Dense(4, sigmoid) => Dropout(0.0);
        let sum = Add(a, b);
        let joined = Concatenate(sum, x, a) => Dense(6, gelu);
        joined => Dense(3, softmax)
    }
}

model! {
    /// Two inputs and two outputs, one of which a layer reads.
    pub Ends {
        let image = Input(6, 5, 2);
        let meta = Input(3);
        let features = image
            => Conv2D(4, 3x3, same, tanh)
            => Residual(Conv2D(4, 3x3, same, tanh) => Conv2D(4, 3x3, same))
            => Residual(Conv2D(6, 3x3, same, strides = 2), shortcut = Conv2D(6, 1x1, strides = 2))
            => GlobalAveragePooling2D;
        let x = Concatenate(features, meta);
        let x = x => Dense(7, tanh);
        let class = x => Dense(3, softmax);
        let offset = Concatenate(class, x) => Repeat(2, Dense(4, tanh, name = hidden)) => Dense(2);
        (class, offset)
    }
}

model! {
    /// Two inputs of one shared tower.
    pub Siamese {
        let left = Input(4);
        let right = Input(4);
        let a = left => Dense(6, silu, name = tower);
        let b = right => tower;
        let joined = Concatenate(a, b, axis = -1);
        joined => Dense(1, sigmoid)
    }
}

model! {
    /// A model that other models use as a layer; it begins with a branch and ends with an activation.
    pub Inner: Input(4) => Rescaling(0.5) => Residual(Dense(4, tanh)) => Dense(4, softmax)
}

model! {
    /// Its input is read twice.
    pub Twice {
        let x = Input(4);
        let a = x => Rescaling(2.0);
        let sum = Add(x, a, x);
        sum => Dense(3, gelu)
    }
}

model! {
    /// Models as layers: after another layer, at the beginning, applied twice.
    pub Outer {
        let x = Input(4);
        let a = x => Inner => Dense(4, tanh);
        let b = a => Inner(name = shared) => shared;
        let c = a => Twice => Dense(3);
        let d = Concatenate(b, c);
        d => Dense(2)
    }
}

/// The outputs of these models, as one row.
trait Flat: Heads {
    const LEN: usize;
    fn dot(logits: Self::Slices<'_>, upstream: &[f32]) -> f32;
    fn copy_flat(upstream: &[f32], gradient: Self::SlicesMut<'_>);
}

impl<A: HeadActivation, S: StaticShape> Flat for Head<A, S> {
    const LEN: usize = S::LEN;

    fn dot(logits: &[f32], upstream: &[f32]) -> f32 {
        logits.iter().zip(upstream).map(|(y, dy)| y * dy).sum()
    }

    fn copy_flat(upstream: &[f32], gradient: &mut [f32]) {
        gradient.copy_from_slice(&upstream[..gradient.len()]);
    }
}

impl<A, B, S, T> Flat for (Head<A, S>, Head<B, T>)
where
    A: HeadActivation,
    B: HeadActivation,
    S: StaticShape,
    T: StaticShape,
{
    const LEN: usize = S::LEN + T::LEN;

    fn dot((a, b): (&[f32], &[f32]), upstream: &[f32]) -> f32 {
        Head::<A, S>::dot(a, upstream) + Head::<B, T>::dot(b, &upstream[a.len()..])
    }

    fn copy_flat(upstream: &[f32], (a, b): (&mut [f32], &mut [f32])) {
        b.copy_from_slice(&upstream[a.len()..a.len() + b.len()]);
        a.copy_from_slice(&upstream[..a.len()]);
    }
}

const BATCH: usize = 3;
fn step() -> Step<'static> {
    Step::new(Seed(3), 0)
}

fn waves(len: usize, by: f32) -> Vec<f32> {
    (0..len).map(|i| (i as f32 * by).sin()).collect()
}

/// The largest gap between the backward pass and central differences of `Σ logits·upstream`.
fn gradient_gap<M: Train>(input: <M::Input as Elements>::Slices<'_>) -> f32
where
    M::Heads: Flat,
{
    const WIDTH: f32 = 1e-2;
    let mut net = M::zeroed();
    net.init(&mut Seed(3).rng());
    let upstream = waves(BATCH * M::Heads::LEN, 1.7);
    let mut values = vec![f32::NAN; M::TRAINING_LEN * BATCH];
    let loss = |net: &M, values: &mut Vec<f32>| -> f32 {
        let mut memory = Memory::new(values, BATCH);
        net.forward_training(input, &mut memory, step());
        let pass = M::heads(&mut memory);
        M::Heads::dot(pass.logits, &upstream)
    };
    loss(&net, &mut values);
    let mut gradient = M::zeroed();
    gradient.as_mut_slice().fill(f32::NAN);
    let mut memory = Memory::new(&mut values, BATCH);
    M::Heads::copy_flat(&upstream, M::heads(&mut memory).gradient);
    let all = Gradient::of_layer(&mut *gradient);
    net.backward(input, &mut memory, all, M::Input::no_gradients(), false);
    let mut gap = 0.0f32;
    for place in 0..M::LAYOUT.len() {
        let before = net.as_slice()[place];
        net.as_mut_slice()[place] = before + WIDTH;
        let above = loss(&net, &mut values);
        net.as_mut_slice()[place] = before - WIDTH;
        let below = loss(&net, &mut values);
        net.as_mut_slice()[place] = before;
        let expected = (above - below) / (2.0 * WIDTH);
        let found = gradient.as_slice()[place];
        assert!(!found.is_nan(), "the gradient at {place} was not written");
        gap = gap.max((found - expected).abs() / (1.0 + expected.abs()));
    }
    gap
}

#[test]
fn gradients_of_a_value_that_many_read_are_summed() {
    let gap = gradient_gap::<Fans>(&waves(BATCH * 5, 0.9));
    assert!(gap < 1e-2, "relative gap {gap}");
    let gap = gradient_gap::<Twice>(&waves(BATCH * 4, 0.9));
    assert!(gap < 1e-2, "relative gap {gap}");
}

#[test]
fn gradients_of_two_outputs_meet_behind_residuals() {
    let (image, meta) = (waves(BATCH * 60, 0.9), waves(BATCH * 3, 0.4));
    let gap = gradient_gap::<Ends>((&image, &meta));
    assert!(gap < 1e-2, "relative gap {gap}");
}

#[test]
fn the_gradient_of_shared_weights_is_that_of_all_uses() {
    let (left, right) = (waves(BATCH * 4, 0.9), waves(BATCH * 4, 0.4));
    let gap = gradient_gap::<Siamese>((&left, &right));
    assert!(gap < 1e-2, "relative gap {gap}");
    assert_eq!(Siamese::PARAMS, (4 * 6 + 6) + (12 + 1));
    assert_eq!(Siamese::MACS, 2 * 4 * 6 + 12);
}

#[test]
fn gradients_go_through_models_that_are_layers() {
    let gap = gradient_gap::<Inner>(&waves(BATCH * 4, 0.9));
    assert!(gap < 1e-2, "relative gap {gap}");
    let gap = gradient_gap::<Outer>(&waves(BATCH * 4, 0.9));
    assert!(gap < 1e-2, "relative gap {gap}");
    assert_eq!(
        Outer::PARAMS,
        2 * Inner::PARAMS + Twice::PARAMS + 20 + 12 + (7 * 2 + 2)
    );
    assert_eq!(Outer::MACS, 3 * Inner::MACS + Twice::MACS + 16 + 9 + 14);
}

/// Inference and the forward pass of training give the same numbers.
fn same<M: Train>(input: <M::Input as Elements>::Slices<'_>) -> f32
where
    M::Heads: Flat,
{
    let mut net = M::zeroed();
    net.init(&mut Seed(3).rng());
    let upstream = waves(BATCH * M::Heads::LEN, 1.7);
    let mut batch = <M::Heads as Data>::Batch::default();
    M::Heads::resize(&mut batch, BATCH);
    let mut arena = vec![f32::NAN; M::ARENA_LEN * BATCH];
    let mut memory = Memory::new(&mut arena, BATCH);
    net.logits(input, &mut memory, M::Heads::slices_mut(&mut batch));
    let inferred = M::Heads::dot(M::Heads::slices(&batch), &upstream);
    let mut values = vec![f32::NAN; M::TRAINING_LEN * BATCH];
    let mut memory = Memory::new(&mut values, BATCH);
    net.forward_training(input, &mut memory, step());
    let trained = M::Heads::dot(M::heads(&mut memory).logits, &upstream);
    (inferred - trained).abs()
}

#[test]
fn inference_and_training_compute_the_same_logits() {
    let x = waves(BATCH * 60, 0.9);
    assert_eq!(same::<Fans>(&x[..BATCH * 5]), 0.0);
    assert_eq!(same::<Ends>((&x, &x[..BATCH * 3])), 0.0);
    assert_eq!(
        same::<Siamese>((&x[..BATCH * 4], &x[BATCH * 4..BATCH * 8])),
        0.0
    );
    assert_eq!(same::<Outer>(&x[..BATCH * 4]), 0.0);
}

#[test]
fn layers_say_what_they_read() {
    let at = |name: &str| Ends::LAYERS.iter().position(|it| it.name == name);
    let sources = |name: &str| Ends::LAYERS[at(name).unwrap()].sources;
    assert_eq!(Ends::INPUTS[1].0, "meta");
    assert_eq!(sources("conv2d"), [Source::Input(0)]);
    assert_eq!(
        sources("concatenate"),
        [
            Source::Layer(at("global_average_pooling2d").unwrap()),
            Source::Input(1)
        ]
    );
    assert_eq!(at("hidden").map(|at| at + 1), at("hidden_1"));
    assert_eq!(Ends::HEADS, ["class", "offset"]);
}

#[test]
fn a_prediction_in_an_arena_takes_each_input_and_gives_each_output() {
    let mut net = Ends::zeroed();
    net.init(&mut Seed(3).rng());
    let mut arena = Arena::new();
    let (class, offset) = net.predict_in(
        &Tensor::zeroed(),
        &Tensor::from([1.0, 2.0, 3.0]),
        &mut arena,
    );
    assert!((class.as_slice().iter().sum::<f32>() - 1.0).abs() < 1e-6);
    assert!(offset.as_slice().iter().all(|value| value.is_finite()));
}

model! {
    /// A skip connection whose sum overwrites the skip's buffer.
    pub Skip: Input(8) => Dense(16) => Residual(Dense(16, relu)) => Dense(2)
}

#[test]
fn the_sum_of_a_residual_takes_no_buffer_of_its_own() {
    assert_eq!(Skip::ARENA_BYTES, 4 * (16 + 16));
}

model! {
    /// Every layer for graphs.
    pub Pictures {
        let x = Input(6, 5, 4);
        let a = x
            => ZeroPadding2D(1x2)
            => DepthwiseConv2D(3x3, strides = 2, tanh, depth_multiplier = 2)
            => BatchNormalization
            => SeparableConv2D(3, 3x3, same, tanh)
            => LayerNormalization(epsilon = 0.01);
        let b = x
            => SeparableConv2D(3, 2x2, 2, same, depth_multiplier = 2, use_bias = false)
            => DepthwiseConv2D(1x1, use_bias = false)
            => UpSampling2D(2x1, bilinear)
            => ZeroPadding2D(padding = 0)
            => Reshape(3, 6, 3)
            => Conv2DTranspose(2, 3x2, strides = 2, same)
            => Conv2DTranspose(3, 2, use_bias = false)
            => BatchNormalization(momentum = 0.9, epsilon = 0.1)
            => MaxPooling2D(2x3);
        let a = a => Conv2D(3, 1x1);
        let c = Average(a, b);
        let d = Maximum(a, b, c);
        let e = Minimum(a, c);
        let f = Subtract(d, e);
        let g = Multiply(f, b);
        let h = Concatenate(g, a, axis = 1);
        h => GlobalMaxPooling2D => Dense(2)
    }
}

#[test]
fn every_layer_of_graphs_runs_and_trains() {
    let mut net = Pictures::zeroed();
    net.init(&mut Seed(5).rng());
    let input = waves(BATCH * 120, 0.7);
    let mut values = vec![f32::NAN; Pictures::TRAINING_LEN * BATCH];
    let mut memory = Memory::new(&mut values, BATCH);
    net.forward_training(&input, &mut memory, step());
    let head = <Pictures as Train>::heads(&mut memory);
    assert!(head.logits.iter().all(|value| value.is_finite()));
    head.gradient.fill(1.0);
    let mut gradient = Pictures::zeroed();
    gradient.as_mut_slice().fill(f32::NAN);
    let all = Gradient::of_layer(&mut *gradient);
    net.backward(&input, &mut memory, all, None, false);
    assert!(gradient.as_slice().iter().all(|value| value.is_finite()));
    let before = net.batch_normalization.moving_mean;
    net.update_state(Gradient::of_layer(&mut *gradient));
    assert_ne!(net.batch_normalization.moving_mean, before);
    let params: usize = Pictures::LAYERS.iter().map(|layer| layer.params).sum();
    assert_eq!(params, Pictures::PARAMS);
}

model! {
    /// State inside a model that is used as a layer.
    pub Normalized: Input(4) => Dense(3, tanh) => BatchNormalization(momentum = 0.0)
}

model! {
    /// Its state is that of the last step, because the average keeps nothing.
    pub Around: Input(4) => Normalized => Residual(BatchNormalization(momentum = 0.0)) => Dense(2)
}

#[test]
fn state_in_a_model_that_is_a_layer_is_absorbed() {
    let mut net = Around::zeroed();
    net.init(&mut Seed(5).rng());
    let input = waves(BATCH * 4, 0.7);
    let mut values = vec![f32::NAN; Around::TRAINING_LEN * BATCH];
    let mut memory = Memory::new(&mut values, BATCH);
    net.forward_training(&input, &mut memory, step());
    let head = <Around as Train>::heads(&mut memory);
    let trained = head.logits.to_vec();
    head.gradient.fill(1.0);
    let mut gradient = Around::zeroed();
    let all = Gradient::of_layer(&mut *gradient);
    net.backward(&input, &mut memory, all, None, false);
    net.update_state(Gradient::of_layer(&mut *gradient));
    let mut arena = vec![f32::NAN; Around::ARENA_LEN * BATCH];
    let mut inferred = [f32::NAN; BATCH * 2];
    let mut memory = Memory::new(&mut arena, BATCH);
    net.logits(&input, &mut memory, &mut inferred);
    for (inferred, trained) in inferred.iter().zip(trained) {
        assert!(
            (inferred - trained).abs() < 1e-5,
            "{inferred} and {trained}"
        );
    }
}

model! {
    /// A generic number of units.
    pub Tower<const UNITS: usize>: Input(4) => Dense(UNITS, tanh)
}

model! {
    /// A generic model with two sizes.
    pub Towers {
        let x = Input(4);
        let a = x => Tower::<3> => Dense(2, tanh);
        let b = x => Tower::<5> => Dense(2);
        Multiply(a, b)
    }
}

#[test]
fn a_generic_model_is_a_layer_of_the_size_it_is_given() {
    let gap = gradient_gap::<Towers>(&waves(BATCH * 4, 0.9));
    assert!(gap < 1e-2, "relative gap {gap}");
    assert_eq!(
        Towers::PARAMS,
        (4 * 3 + 3) + (3 * 2 + 2) + (4 * 5 + 5) + (5 * 2 + 2)
    );
}
