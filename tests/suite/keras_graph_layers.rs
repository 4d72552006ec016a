//! Compares the layers of graphs with Keras: outputs, and the gradients of inputs and weights.

use kerust_core::activation::Activation;
use kerust_core::gradient::Gradient;
use kerust_core::layer::{LayerData, Layout, Operation, Part, Pass};
use kerust_core::layers::*;
use kerust_core::rng::{Seed, Step};
use kerust_core::shape::Padding::Same;
use kerust_core::testing::Saved;
use safetensors::SafeTensors;
use std::path::Path;

/// Tolerances for `f32` sums in another order.
const TOLERANCE: f32 = 2e-5;

struct Case {
    file: Vec<u8>,
    name: &'static str,
}

impl Case {
    fn open(name: &'static str) -> Self {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let file = std::fs::read(golden.join("graph_layers.safetensors")).unwrap();
        Self { file, name }
    }

    fn find(&self, tensor: &str) -> Option<Vec<f32>> {
        let file = SafeTensors::deserialize(&self.file).unwrap();
        let view = file.tensor(&format!("{}.{tensor}", self.name)).ok()?;
        let words = view.data().chunks_exact(4);
        let values = words.map(|word| f32::from_le_bytes(word.try_into().unwrap()));
        Some(values.collect())
    }

    fn tensor(&self, tensor: &str) -> Vec<f32> {
        let found = self.find(tensor);
        found.unwrap_or_else(|| panic!("{} has no `{tensor}`", self.name))
    }

    /// Compares `found` with the golden tensor, with a relative tolerance for values above 1.
    fn assert_close(&self, tensor: &str, found: &[f32]) {
        let expected = self.tensor(tensor);
        let name = self.name;
        assert_eq!(found.len(), expected.len(), "{name}.{tensor}: values");
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!(
                (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0),
                "{name}.{tensor}[{place}]: found {found}, Keras has {expected}"
            );
        }
    }
}

fn parts<W: LayerData>() -> &'static [Part] {
    match W::LAYOUT {
        Layout::Parts(parts) => parts,
        Layout::Tensor(..) => panic!("a layer's data is a struct"),
    }
}

/// Compares a layer with a golden case. `saved` counts values for each sample; with `training`, the output is
/// that of a training step.
#[track_caller]
fn check<W: LayerData, V: Saved>(
    name: &'static str,
    layer: &impl Operation<W, f32, f32, (), V>,
    saved: usize,
    training: bool,
) {
    let case = Case::open(name);
    let (x, expected) = (case.tensor("x"), case.tensor("y"));
    let mut weights = W::zeroed();
    let given = (0..).map_while(|number| case.find(&format!("w{number}")));
    let given: Vec<f32> = given.flatten().collect();
    weights.as_mut_slice().copy_from_slice(&given);

    let mut y = vec![f32::NAN; expected.len()];
    if !training {
        layer.forward(&weights, &x, &mut y, ());
        case.assert_close("y", &y);
        if name.starts_with("batch_normalization") {
            // Keras gives the gradients of inference; a layer has only those of training.
            return;
        }
    }
    // More than a sample's share is there for each sample of a batch.
    let mut saved = vec![f32::NAN; saved];
    let step = Step::new(Seed(1), 0);
    layer.forward_training(
        &weights,
        &x,
        &mut y,
        (),
        V::buffer(&mut saved),
        step.layer(0),
    );
    case.assert_close("y", &y);
    let (mut dx, mut gradient) = (vec![f32::NAN; x.len()], W::zeroed());
    gradient.as_mut_slice().fill(f32::NAN);
    let pass = Pass {
        x: &x[..],
        y: &y[..],
        saved: V::buffer(&mut saved),
        dy: &mut case.tensor("dy")[..],
        dx: Some(&mut dx[..]),
        accumulate: false,
    };
    layer.backward(&weights, pass, Gradient::of_layer(&mut *gradient));
    case.assert_close("dx", &dx);
    layer.update_state(&mut weights, Gradient::of_layer(&mut *gradient));
    let mut start = 0;
    let parts = parts::<W>().iter().filter(|part| !part.layout.is_empty());
    for (number, part) in parts.enumerate() {
        let values = start..start + part.layout.len();
        start = values.end;
        if !part.trainable {
            let after = &weights.as_slice()[values];
            case.assert_close(&format!("{}_after", part.name), after);
        } else {
            case.assert_close(&format!("d_w{number}"), &gradient.as_slice()[values]);
        }
    }
    assert_eq!(start, given.len());
}

#[track_caller]
fn check_merge<const N: usize>(name: &'static str, merge: &impl Operation<(), [f32; N]>) {
    let case = Case::open(name);
    let x: [Vec<f32>; N] = std::array::from_fn(|number| case.tensor(&format!("x{number}")));
    let x = x.each_ref().map(Vec::as_slice);
    let mut y = vec![f32::NAN; case.tensor("y").len()];
    merge.forward(&(), x, &mut y, ());
    case.assert_close("y", &y);
    let mut dx = x.map(|x| vec![f32::NAN; x.len()]);
    let pass = Pass {
        x,
        y: &y[..],
        saved: (),
        dy: &mut case.tensor("dy")[..],
        dx: dx.each_mut().map(|dx| Some(&mut dx[..])),
        accumulate: false,
    };
    merge.backward(&(), pass, Gradient::none());
    for (number, dx) in dx.iter().enumerate() {
        case.assert_close(&format!("dx{number}"), dx);
    }
}

#[test]
fn merges_equal_keras() {
    check_merge::<2>("add_two", &Add::new());
    check_merge::<3>("add_three", &Add::new());
    check_merge::<2>("multiply_two", &Multiply::new());
    check_merge::<3>("multiply_three", &Multiply::new());
    check_merge::<2>("average_two", &Average::new());
    check_merge::<3>("average_three", &Average::new());
    check_merge::<2>("maximum_two", &Maximum::new());
    check_merge::<3>("maximum_three", &Maximum::new());
    check_merge::<3>("maximum_ties", &Maximum::new());
    check_merge::<2>("minimum_two", &Minimum::new());
    check_merge::<3>("minimum_three", &Minimum::new());
    check_merge::<3>("minimum_ties", &Minimum::new());
    check_merge("subtract_two", &Subtract::new());
    check_merge("concatenate_last", &Concatenate::new([2, 3, 1]));
    check_merge("concatenate_axis_1", &Concatenate::new([24, 8]));
    check_merge("concatenate_axis_2", &Concatenate::new([8, 2]));
    check_merge("concatenate_vectors", &Concatenate::new([5, 3]));
}

#[test]
fn batch_normalization_equals_keras() {
    fn with<const C: usize, const GAMMA: usize, const BETA: usize>(
        names: [&'static str; 2],
        layer: BatchNormalization,
    ) {
        for (name, training) in names.into_iter().zip([false, true]) {
            check::<BatchNormalizationWeights<C, GAMMA, BETA>, _>(name, &layer, 2 * C, training);
        }
    }
    fn both<const C: usize>(names: [&'static str; 2], layer: BatchNormalization) {
        with::<C, C, C>(names, layer);
    }
    macro_rules! names {
        ($name:literal) => {
            [
                concat!("batch_normalization_inference_", $name),
                concat!("batch_normalization_training_", $name),
            ]
        };
    }
    both::<4>(names!("images"), BatchNormalization::new(4));
    both::<7>(names!("vectors"), BatchNormalization::new(7));
    both::<1>(names!("one_channel"), BatchNormalization::new(1));
    both::<67>(names!("many_channels"), BatchNormalization::new(67));
    let layer = BatchNormalization::new(5).momentum(0.8).epsilon(0.1);
    both::<5>(names!("momentum_epsilon"), layer);
    with::<5, 5, 0>(names!("no_center"), BatchNormalization::new(5));
    with::<5, 0, 5>(names!("no_scale"), BatchNormalization::new(5));
    with::<7, 0, 0>(names!("no_center_no_scale"), BatchNormalization::new(7));
}

#[test]
fn layer_normalization_equals_keras() {
    fn equals<const C: usize>(name: &'static str, layer: LayerNormalization) {
        check::<LayerNormalizationWeights<C>, _>(name, &layer, 0, false);
    }
    equals::<7>("layer_normalization_vectors", LayerNormalization::new(7));
    equals::<5>("layer_normalization_images", LayerNormalization::new(5));
    equals::<35>(
        "layer_normalization_many_features",
        LayerNormalization::new(35),
    );
    let layer = LayerNormalization::new(6).epsilon(0.1);
    equals::<6>("layer_normalization_epsilon", layer);
}

macro_rules! equal_keras {
    ($($case:ident: $weights:ty, $saved:expr, $layer:expr;)+) => {$(
        check::<$weights, _>(stringify!($case), &$layer, $saved, false);
    )+};
}

#[test]
fn depthwise_conv2d_equals_keras() {
    use DepthwiseConv2D as L;
    use DepthwiseConv2DWeights as W;
    equal_keras! {
        depthwise_conv2d_same_3x3: W<3, 3, 3, 1, 3>, 0, L::new([7, 5, 3], 1, [3, 3]).padding(Same);
        depthwise_conv2d_valid_3x3: W<3, 3, 3, 1, 3>, 0, L::new([7, 5, 3], 1, [3, 3]);
        depthwise_conv2d_stride2_same_even: W<3, 3, 3, 1, 3>, 0,
            L::new([8, 6, 3], 1, [3, 3]).strides([2, 2]).padding(Same);
        depthwise_conv2d_stride2_same_odd: W<3, 3, 3, 1, 3>, 0,
            L::new([7, 5, 3], 1, [3, 3]).strides([2, 2]).padding(Same);
        depthwise_conv2d_stride2_valid: W<3, 3, 3, 1, 3>, 0,
            L::new([8, 6, 3], 1, [3, 3]).strides([2, 2]);
        depthwise_conv2d_kernel_2x4_same: W<2, 4, 2, 1, 2>, 0,
            L::new([5, 6, 2], 1, [2, 4]).padding(Same);
        depthwise_conv2d_kernel_3x1_valid: W<3, 1, 2, 1, 2>, 0, L::new([5, 4, 2], 1, [3, 1]);
        depthwise_conv2d_one_channel: W<3, 3, 1, 1, 1>, 0, L::new([5, 4, 1], 1, [3, 3]).padding(Same);
        depthwise_conv2d_no_bias: W<3, 3, 2, 1, 0>, 0, L::new([5, 4, 2], 1, [3, 3]);
        depthwise_conv2d_relu: W<3, 3, 3, 1, 3>, 0,
            L::new([5, 4, 3], 1, [3, 3]).padding(Same).activation(Activation::Relu);
        depthwise_conv2d_dilation2_same: W<3, 3, 3, 1, 3>, 0,
            L::new([7, 6, 3], 1, [3, 3]).padding(Same).dilation([2, 2]);
        depthwise_conv2d_dilation2_valid: W<3, 3, 3, 1, 3>, 0,
            L::new([7, 6, 3], 1, [3, 3]).dilation([2, 2]);
        depthwise_conv2d_multiplier2: W<3, 3, 3, 2, 6>, 0, L::new([5, 4, 3], 2, [3, 3]).padding(Same);
        depthwise_conv2d_many_channels: W<3, 3, 43, 1, 43>, 0,
            L::new([4, 3, 43], 1, [3, 3]).padding(Same);
    }
}

#[test]
fn separable_conv2d_equals_keras() {
    use SeparableConv2D as L;
    use SeparableConv2DWeights as W;
    equal_keras! {
        separable_conv2d_same_3x3: W<3, 3, 3, 1, 3, 4, 4>, 2 * 7 * 5 * 3,
            L::new([7, 5, 3], 4, 1, [3, 3]).padding(Same);
        separable_conv2d_valid_3x3: W<3, 3, 3, 1, 3, 4, 4>, 2 * 5 * 3 * 3,
            L::new([7, 5, 3], 4, 1, [3, 3]);
        separable_conv2d_stride2_same_even: W<3, 3, 3, 1, 3, 4, 4>, 2 * 4 * 3 * 3,
            L::new([8, 6, 3], 4, 1, [3, 3]).strides([2, 2]).padding(Same);
        separable_conv2d_stride2_same_odd: W<3, 3, 3, 1, 3, 4, 4>, 2 * 4 * 3 * 3,
            L::new([7, 5, 3], 4, 1, [3, 3]).strides([2, 2]).padding(Same);
        separable_conv2d_stride2_valid: W<3, 3, 3, 1, 3, 4, 4>, 2 * 3 * 2 * 3,
            L::new([8, 6, 3], 4, 1, [3, 3]).strides([2, 2]);
        separable_conv2d_kernel_2x4_same: W<2, 4, 2, 1, 2, 4, 4>, 2 * 5 * 6 * 2,
            L::new([5, 6, 2], 4, 1, [2, 4]).padding(Same);
        separable_conv2d_kernel_3x1_valid: W<3, 1, 2, 1, 2, 4, 4>, 2 * 3 * 4 * 2,
            L::new([5, 4, 2], 4, 1, [3, 1]);
        separable_conv2d_one_channel: W<3, 3, 1, 1, 1, 4, 4>, 2 * 5 * 4,
            L::new([5, 4, 1], 4, 1, [3, 3]).padding(Same);
        separable_conv2d_no_bias: W<3, 3, 2, 1, 2, 4, 0>, 2 * 3 * 2 * 2,
            L::new([5, 4, 2], 4, 1, [3, 3]);
        separable_conv2d_relu: W<3, 3, 3, 1, 3, 4, 4>, 2 * 5 * 4 * 3,
            L::new([5, 4, 3], 4, 1, [3, 3]).padding(Same).activation(Activation::Relu);
        separable_conv2d_dilation2_same: W<3, 3, 3, 1, 3, 4, 4>, 2 * 7 * 6 * 3,
            L::new([7, 6, 3], 4, 1, [3, 3]).padding(Same).dilation([2, 2]);
        separable_conv2d_dilation2_valid: W<3, 3, 3, 1, 3, 4, 4>, 2 * 3 * 2 * 3,
            L::new([7, 6, 3], 4, 1, [3, 3]).dilation([2, 2]);
        separable_conv2d_multiplier2: W<3, 3, 3, 2, 6, 4, 4>, 2 * 5 * 4 * 6,
            L::new([5, 4, 3], 4, 2, [3, 3]).padding(Same);
    }
}

#[test]
fn conv2d_transpose_equals_keras() {
    use Conv2DTranspose as L;
    use Conv2DTransposeWeights as W;
    equal_keras! {
        conv2d_transpose_same_3x3: W<3, 3, 4, 3>, 0, L::new([7, 5, 3], 4, [3, 3]).padding(Same);
        conv2d_transpose_valid_3x3: W<3, 3, 4, 3>, 0, L::new([7, 5, 3], 4, [3, 3]);
        conv2d_transpose_stride2_same_even: W<3, 3, 4, 3>, 0,
            L::new([8, 6, 3], 4, [3, 3]).strides([2, 2]).padding(Same);
        conv2d_transpose_stride2_same_odd: W<3, 3, 4, 3>, 0,
            L::new([7, 5, 3], 4, [3, 3]).strides([2, 2]).padding(Same);
        conv2d_transpose_stride2_valid: W<3, 3, 4, 3>, 0,
            L::new([8, 6, 3], 4, [3, 3]).strides([2, 2]);
        conv2d_transpose_kernel_2x4_same: W<2, 4, 4, 2>, 0,
            L::new([5, 6, 2], 4, [2, 4]).padding(Same);
        conv2d_transpose_kernel_3x1_valid: W<3, 1, 4, 2>, 0, L::new([5, 4, 2], 4, [3, 1]);
        conv2d_transpose_one_channel: W<3, 3, 4, 1>, 0, L::new([5, 4, 1], 4, [3, 3]).padding(Same);
        conv2d_transpose_no_bias: W<3, 3, 4, 2, 0>, 0, L::new([5, 4, 2], 4, [3, 3]);
        conv2d_transpose_relu: W<3, 3, 4, 3>, 0,
            L::new([5, 4, 3], 4, [3, 3]).padding(Same).activation(Activation::Relu);
        conv2d_transpose_kernel_2x2_stride2: W<2, 2, 4, 3>, 0,
            L::new([8, 6, 3], 4, [2, 2]).strides([2, 2]);
        conv2d_transpose_stride_3x1: W<2, 3, 4, 3>, 0,
            L::new([8, 6, 3], 4, [2, 3]).strides([3, 1]);
    }
}

#[test]
fn layers_without_weights_equal_keras() {
    equal_keras! {
        zero_padding2d_one: (), 0, ZeroPadding2D::new([3, 2, 2], [[1, 1], [1, 1]]);
        zero_padding2d_sides: (), 0, ZeroPadding2D::new([3, 2, 2], [[1, 2], [3, 0]]);
        global_max_pooling2d: (), 0, GlobalMaxPooling2D::new([5, 4, 3]);
        global_max_pooling2d_ties: (), 0, GlobalMaxPooling2D::new([3, 4, 3]);
        up_sampling2d_nearest: (), 0, UpSampling2D::new([3, 2, 2], [2, 3]);
        up_sampling2d_bilinear: (), 0,
            UpSampling2D::new([3, 2, 2], [2, 3]).interpolation(Interpolation::Bilinear);
    }
}
