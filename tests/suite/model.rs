//! Runs the expansions of models with literal, constant and generic sizes.

use kerust::__private::memory::Memory;
use kerust::element::Elements;
use kerust::gradient::Gradient;
use kerust::layer::{Build, Layer, LayerData};
use kerust::model::{Arena, Heads, Model, Train};
use kerust::rng::{Rng, Seed, Step};
use kerust::tensor::{Rank1, Tensor};
use kerust::{LayerData, model};

/// `y = x · scale + shift`
pub struct Affine;

/// The weights of an [`Affine`].
#[derive(LayerData)]
#[repr(C)]
pub struct AffineLayer<const N: usize> {
    scale: [f32; N],
    shift: [f32; N],
}

impl<const N: usize> Build<Rank1<N>> for Affine {
    type Layer = AffineLayer<N>;
}

impl<const N: usize> Layer for AffineLayer<N> {
    type Input = Rank1<N>;
    type Output = Rank1<N>;

    fn init(&mut self, _: &mut Rng) {
        self.scale.fill(1.0);
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        for i in 0..N {
            y[i] = x[i] * self.scale[i] + self.shift[i];
        }
    }

    fn backward(&self, x: &[f32], _: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self) {
        for i in 0..N {
            dx[i] = dy[i] * self.scale[i];
            gradient.scale[i] += dy[i] * x[i];
            gradient.shift[i] += dy[i];
        }
    }
}

const UNITS: usize = 3;

model! {
    /// A custom layer, at the beginning and in the middle.
    pub Iris: Input(4) => Affine => Dense({ 2 * UNITS }, tanh) => Affine => Dense(3, softmax)
}

model! {
    /// A generic number of classes.
    pub Classifier<const CLASSES: usize>: Input(4) => Dense(8, relu) => Dense(CLASSES, softmax, name = sign)
}

/// Compares the backward pass with central differences of `Σ logits·upstream`.
fn gradient_gap<M>(inputs: &[f32], batch: usize, outputs: usize) -> f32
where
    M: Train<Input = Rank1<4>>,
    M::Heads: for<'a> Elements<Slices<'a> = &'a [f32], SlicesMut<'a> = &'a mut [f32]>,
{
    const STEP: f32 = 1e-2;
    let mut net = M::zeroed();
    net.init(&mut Seed(3).rng());
    let upstream: Vec<f32> = (0..batch * outputs).map(|i| (i as f32).sin()).collect();
    let mut values = vec![f32::NAN; M::TRAINING_LEN * batch];
    let step = Step::new(Seed(3), 0);
    let loss = |net: &M, values: &mut Vec<f32>| -> f32 {
        let mut memory = Memory::new(values, batch);
        net.forward_training(inputs, &mut memory, step);
        let logits = M::heads(&mut memory).logits;
        logits.iter().zip(&upstream).map(|(y, dy)| y * dy).sum()
    };
    loss(&net, &mut values);
    let mut gradient = M::zeroed();
    gradient.as_mut_slice().fill(f32::NAN);
    let mut memory = Memory::new(&mut values, batch);
    M::heads(&mut memory).gradient.copy_from_slice(&upstream);
    let all = Gradient::of_layer(&mut *gradient);
    net.backward(inputs, &mut memory, all, None, false);
    let mut gap = 0.0f32;
    for place in 0..M::LAYOUT.len() {
        let before = net.as_slice()[place];
        net.as_mut_slice()[place] = before + STEP;
        let above = loss(&net, &mut values);
        net.as_mut_slice()[place] = before - STEP;
        let below = loss(&net, &mut values);
        net.as_mut_slice()[place] = before;
        let expected = (above - below) / (2.0 * STEP);
        let found = gradient.as_slice()[place];
        gap = gap.max((found - expected).abs() / (1.0 + expected.abs()));
        assert!(!found.is_nan(), "the gradient at {place} was not written");
    }
    gap
}

const INPUTS: [f32; 12] = [
    0.1, -0.4, 0.9, 0.3, 1.1, 0.2, -0.7, 0.5, -1.3, 0.8, 0.6, -0.2,
];

#[test]
fn a_model_is_nothing_but_its_numbers() {
    assert_eq!(Iris::PARAMS, 8 + (4 * 6 + 6) + 12 + (6 * 3 + 3));
    assert_eq!(Iris::WEIGHT_BYTES, 4 * Iris::PARAMS);
    assert_eq!(size_of::<Arena<Iris>>(), Iris::ARENA_BYTES);
    assert_eq!(Iris::MACS, 4 * 6 + 6 * 3);
    assert_eq!(Iris::RAM_BYTES, Iris::ARENA_BYTES + 4 * (4 + 3));
}

#[test]
fn layers_are_named_and_counted() {
    let names: Vec<_> = Iris::LAYERS.iter().map(|layer| layer.name).collect();
    assert_eq!(names, ["affine", "dense", "affine_1", "dense_1"]);
    let params: usize = Iris::LAYERS.iter().map(|layer| layer.params).sum();
    assert_eq!(params, Iris::PARAMS);
    let bytes: usize = Iris::LAYERS.iter().map(|layer| layer.weight_bytes).sum();
    assert_eq!(bytes, Iris::WEIGHT_BYTES);
    assert_eq!(Iris::LAYERS[1].declared, "Dense({ 2 * UNITS }, tanh)");
    assert_eq!(Iris::LAYERS[1].output.dims(), [6]);
}

#[test]
fn gradients_match_finite_differences() {
    let gap = gradient_gap::<Iris>(&INPUTS, 3, 3);
    assert!(gap < 1e-2, "relative gap {gap}");
    let gap = gradient_gap::<Classifier<5>>(&INPUTS, 3, 5);
    assert!(gap < 1e-2, "relative gap {gap}");
}

#[test]
fn inference_and_training_compute_the_same_logits() {
    let mut net = Iris::zeroed();
    net.init(&mut Seed(1).rng());
    let x = Tensor::from([0.1, -0.4, 0.9, 0.3]);
    let mut arena = Arena::new();
    let scores = net.predict_in(&x, &mut arena);
    let mut values = vec![0.0; Iris::TRAINING_LEN];
    let mut memory = Memory::new(&mut values, 1);
    let step = Step::new(Seed(1), 0);
    net.forward_training(x.as_slice(), &mut memory, step);
    let mut expected = <Iris as Train>::heads(&mut memory).logits.to_vec();
    <Iris as Model>::Heads::activate(&mut expected);
    assert_eq!(scores.as_slice(), expected);
}

#[test]
fn a_generic_model_has_the_sizes_it_is_given() {
    assert_eq!(Classifier::<10>::PARAMS, (4 * 8 + 8) + (8 * 10 + 10));
    let net = Classifier::<10>::zeroed();
    assert_eq!(net.sign.bias.len(), 10);
}

model! {
    /// Every built-in layer.
    pub Images:
        Input(12, 12, 2)
        => Resizing(10, 9, interpolation = nearest)
        => Rescaling(0.5, 0.1)
        => RandomRotation(0.1, fill_mode = constant)
        => RandomFlip(horizontal)
        => Conv2D(4, 3x3, same, strides = 2, relu)
        => Activation(gelu)
        => MaxPooling2D(2x2, strides = 1)
        => Conv2D(6, 3x2, same, groups = 2, mish, use_bias = false)
        => AveragePooling2D(3, 1, same)
        => ReLU(6.0)
        => Reshape(-1, 2, 6)
        => Resizing(4, 2)
        => Dropout(0.2)
        => GlobalAveragePooling2D
        => Dense(5, softplus, kernel_initializer = he_normal)
        => Softmax
}

const WHITE: usize = 255;

model! { pub Whole: Input(3) => Rescaling(1 / 255) => Dropout(1 / 2) => Flatten }
model! { pub Fraction: Input(3) => Rescaling(1./255) => Dropout(1.) => Flatten }
model! { pub Constant: Input(3) => Rescaling(1 / WHITE) => Dropout(1 - 1 / WHITE) => Flatten }
model! { pub Block: Input(3) => Rescaling({ (1 / 2) * 2 / 255 }, -(1 / 4) + 1 / 4) => Flatten }

#[test]
fn a_quotient_of_whole_numbers_is_a_fraction_where_one_is_meant() {
    let x = Tensor::from([0.0, 51.0, 255.0]);
    let expected = [0.0f32, 51.0 * (1.0 / 255.0), 255.0 * (1.0 / 255.0)];
    assert_eq!(
        Whole::zeroed().predict_in(&x, &mut Arena::new()).as_slice(),
        expected
    );
    assert_eq!(
        Fraction::zeroed()
            .predict_in(&x, &mut Arena::new())
            .as_slice(),
        expected
    );
    assert_eq!(
        Constant::zeroed()
            .predict_in(&x, &mut Arena::new())
            .as_slice(),
        expected
    );
    assert_eq!(
        Block::zeroed().predict_in(&x, &mut Arena::new()).as_slice(),
        expected
    );
}

#[test]
fn an_anonymous_model_is_an_expression() {
    let net = model!(Input(4) => Dense(3, relu) => Dense(1, sigmoid));
    assert_eq!(net.dense.bias.len(), 3);
}

#[test]
fn every_layer_of_the_catalogue_runs_forward_and_backward() {
    const BATCH: usize = 3;
    let mut net = Images::zeroed();
    net.init(&mut Seed(5).rng());
    let input: Vec<f32> = (0..BATCH * 12 * 12 * 2).map(|i| (i as f32).cos()).collect();
    let mut values = vec![f32::NAN; Images::TRAINING_LEN * BATCH];
    let mut memory = Memory::new(&mut values, BATCH);
    let step = Step::new(Seed(5), 0);
    net.forward_training(&input, &mut memory, step);
    let head = <Images as Train>::heads(&mut memory);
    assert!(head.logits.iter().all(|value| value.is_finite()));
    head.gradient.fill(1.0);
    let mut gradient = Images::zeroed();
    gradient.as_mut_slice().fill(f32::NAN);
    let all = Gradient::of_layer(&mut *gradient);
    net.backward(&input, &mut memory, all, None, false);
    assert!(gradient.as_slice().iter().all(|value| value.is_finite()));
}

model! {
    /// Without scale, without center, or without both.
    pub Bare:
        Input(4)
        => BatchNormalization(scale = false)
        => BatchNormalization(center = false)
        => BatchNormalization(-1, center = false, scale = false)
        => Dense(2)
}

#[test]
fn a_normalization_holds_no_more_numbers_than_it_uses() {
    let params = Bare::LAYERS.iter().map(|layer| layer.params);
    assert_eq!(params.collect::<Vec<_>>(), [12, 12, 8, 10]);
    assert_eq!(Bare::PARAMS, 42);
    let mut net = Bare::zeroed();
    net.init(&mut Seed(5).rng());
    assert_eq!(net.batch_normalization_1.gamma, [1.0; 4]);
    let mut output = [f32::NAN; 2];
    net.logits(&[1.0; 4], &mut Memory::new(&mut [0.0; 4], 1), &mut output);
    assert!(output.iter().all(|value| value.is_finite()));
    assert_eq!(Bare::ARENA_BYTES, 4 * 4);
}
