//! Activations, regularization, normalization and the layers of images against Keras: outputs, and the gradients of
//! input and weights.

use crate::golden::{Tensors, assert_close};
use crate::keras_layers::{Probe, check, equal_keras};
use kerust::__private::memory::Memory;
use kerust::activation::Linear;
use kerust::layers::{
    FillMode, Interpolation, RandomBrightness, RandomContrast, RandomCrop, RandomErasing,
    RandomTranslation, RandomZoom,
};
use kerust::model::Head;
use kerust::prelude::*;
use kerust::tensor::StaticShape;

equal_keras! {
    "vocabulary_layers.safetensors":
    elu: Input(17) => ELU;
    elu_alpha: Input(3, 5, 1) => ELU(0.3);
    prelu: Input(17) => Reshape(17) => PReLU;
    prelu_steps: Input(7, 5) => Reshape(7, 5) => PReLU(shared_axes = 1);
    prelu_image: Input(5, 3, 2) => Reshape(5, 3, 2) => PReLU;
    prelu_shared: Input(5, 3, 4) => Reshape(5, 3, 4) => PReLU(shared_axes = (1, 2));
    prelu_rows: Input(5, 3, 4) => Reshape(5, 3, 4) => PReLU(shared_axes = (2, 3));
    prelu_all: Input(3, 3, 1) => Reshape(3, 3, 1) => PReLU(shared_axes = (1, 2, 3));
    identity: Input(3, 5) => Identity;
    cropping2d_default: Input(3, 5, 2) => Cropping2D;
    cropping2d_one: Input(3, 5, 2) => Cropping2D(1);
    cropping2d_rows: Input(7, 5, 3) => Cropping2D((1, 2));
    cropping2d_sides: Input(7, 5, 3) => Cropping2D(((2, 1), (0, 3)));
    zero_padding2d_rows: Input(1, 3, 3) => ZeroPadding2D((1, 2));
    zero_padding2d_sides: Input(3, 5, 1) => ZeroPadding2D(((2, 1), (0, 3)));
    zero_padding2d_mixed: Input(3, 5, 1) => ZeroPadding2D((2, (0, 3)));
    layer_normalization_plain: Input(7, 5) => LayerNormalization(center = false, scale = false);
    layer_normalization_scale: Input(17) => LayerNormalization(center = false, epsilon = 0.1);
    layer_normalization_center: Input(3, 5, 4) => LayerNormalization(scale = false);
    layer_normalization_rows: Input(3, 5, 4) => Reshape(3, 5, 4) => LayerNormalization(axis = 1);
    layer_normalization_image: Input(3, 5, 4) => Reshape(3, 5, 4) => LayerNormalization(axis = (1, 2, 3));
    layer_normalization_two: Input(3, 5, 4) => Reshape(3, 5, 4) => LayerNormalization((-1, -2));
    layer_normalization_apart: Input(3, 5, 4) => Reshape(3, 5, 4) => LayerNormalization(axis = (1, 3), center = false);
    group_normalization: Input(5, 4, 6) => GroupNormalization(3);
    group_normalization_32: Input(3, 64) => GroupNormalization;
    group_normalization_all: Input(5, 4, 3) => GroupNormalization(groups = -1, epsilon = 0.1);
    group_normalization_one: Input(17) => GroupNormalization(1, scale = false);
    group_normalization_rows: Input(4, 5, 3) => Reshape(4, 5, 3) => GroupNormalization(2, axis = 1, center = false);
    rms_normalization: Input(17) => RMSNormalization;
    rms_normalization_steps: Input(7, 5) => RMSNormalization(epsilon = 0.1);
    rms_normalization_two: Input(3, 5, 4) => Reshape(3, 5, 4) => RMSNormalization(axis = (-2, -1));
    unit_normalization: Input(17) => UnitNormalization;
    unit_normalization_steps: Input(7, 5) => Reshape(7, 5) => UnitNormalization(axis = 1);
    unit_normalization_two: Input(3, 5, 4) => Reshape(3, 5, 4) => UnitNormalization(axis = (1, 3));
    softmax_last: Input(3, 5, 2) => Reshape(3, 5, 2) => Softmax(-1);
    softmax_rows: Input(3, 5, 2) => Reshape(3, 5, 2) => Softmax(axis = 1);
    softmax_two: Input(3, 5, 2) => Reshape(3, 5, 2) => Softmax(axis = (1, 3));
    function_relu_set: Input(31) => Activation(relu(0.1, max_value = 1.5, threshold = 0.5));
    function_leaky_relu_set: Input(31) => Activation(leaky_relu(0.3));
    function_elu_set: Input(31) => Activation(elu(alpha = 0.3));
    function_celu_set: Input(31) => Activation(celu(0.3));
    function_gelu_set: Input(31) => Activation(gelu(approximate = true));
    function_squareplus: Input(31) => Activation(squareplus);
    function_squareplus_set: Input(31) => Activation(squareplus(0.5));
    function_soft_shrink: Input(31) => Activation(soft_shrink);
    function_soft_shrink_set: Input(31) => Activation(soft_shrink(1));
    function_hard_shrink: Input(31) => Activation(hard_shrink);
    function_hard_shrink_set: Input(31) => Activation(hard_shrink(threshold = 1.0));
    function_threshold_set: Input(31) => Activation(threshold(0.3, -2.0));
    function_hard_tanh: Input(31) => Activation(hard_tanh);
    function_log_sigmoid: Input(31) => Activation(log_sigmoid);
    function_sparse_plus: Input(31) => Activation(sparse_plus);
    function_sparse_sigmoid: Input(31) => Activation(sparse_sigmoid);
    function_tanh_shrink: Input(31) => Activation(tanh_shrink);
    function_glu: Input(30) => Reshape(30) => Activation(glu);
    function_glu_steps: Input(7, 2) => Reshape(7, 2) => Activation(glu);
    dense_leaky_relu: Input(17) => Dense(5, leaky_relu(0.3));
}

/// Half a layer's width, as a constant of the user's.
const STDDEV: f32 = 0.5;

model! {
    Drawn:
        Input(50)
        => Dense(40, kernel_initializer = random_normal(stddev = STDDEV), bias_initializer = constant(0.25), name = normal)
        => Dense(40, kernel_initializer = random_uniform(1, 3), name = uniform)
        => Dense(40, kernel_initializer = variance_scaling(2.0, fan_out, uniform), name = scaled)
        => Dense(40, kernel_initializer = identity(gain = 2), name = same)
        => Dense(3, kernel_initializer = truncated_normal(mean = 7, stddev = 0.5))
}

#[test]
fn initializers_take_their_parameters() {
    let net = Drawn::new(Seed(1));
    let values = net.normal.kernel.as_flattened();
    let mean = values.iter().sum::<f32>() / 2000.0;
    let deviation = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / 2000.0;
    // Five standard errors of 2000 numbers.
    assert!(mean.abs() < 0.056, "{mean}");
    assert!((deviation.sqrt() - 0.5).abs() < 0.04, "{deviation}");
    assert_eq!(net.normal.bias, [0.25; 40]);
    let values = net.uniform.kernel.as_flattened();
    assert!(values.iter().all(|v| (1.0..3.0).contains(v)));
    let largest = net
        .scaled
        .kernel
        .as_flattened()
        .iter()
        .fold(0.0f32, |a, v| a.max(v.abs()));
    // The limit of a uniform distribution of variance 2 / 40.
    assert!((0.37..0.3874).contains(&largest), "{largest}");
    assert_eq!([net.same.kernel[3][3], net.same.kernel[3][4]], [2.0, 0.0]);
    let values = net.dense.kernel.as_flattened();
    assert!(values.iter().all(|v| (6.0..=8.0).contains(v)));
}

/// Images of the golden file, around 100.
const IMAGE: [usize; 3] = [7, 9, 2];
/// Gaps that f32 makes of values around 100.
const IMAGE_TOLERANCE: f32 = 1e-4;

/// Holds what `compute` makes of the image of a case, with the numbers that were drawn, to Keras's.
fn check_drawn(case: &str, compute: impl Fn(&[f32], &[f32], &mut [f32])) {
    let golden = Tensors::open("vocabulary_layers.safetensors");
    let tensor = |name: &str| golden.find(&format!("{case}.{name}")).unwrap();
    let (x, y) = (tensor("x"), tensor("y"));
    let mut found = vec![f32::NAN; y.len()];
    compute(&tensor("drawn"), &x, &mut found);
    assert_close(case, &found, &y, IMAGE_TOLERANCE);
}

const FILL_MODES: [(&str, FillMode); 4] = [
    ("reflect", FillMode::Reflect),
    ("constant", FillMode::Constant),
    ("wrap", FillMode::Wrap),
    ("nearest", FillMode::Nearest),
];
const READINGS: [(&str, Interpolation); 2] = [
    ("bilinear", Interpolation::Bilinear),
    ("nearest", Interpolation::Nearest),
];

#[test]
fn images_move_and_zoom_as_by_keras() {
    for (mode, fill_mode) in FILL_MODES {
        for (reading, interpolation) in READINGS {
            let layer = RandomTranslation::new(IMAGE, [-1.0, 1.0], [-1.0, 1.0]);
            let layer = layer.fill_mode(fill_mode).interpolation(interpolation);
            let layer = layer.fill_value(2.5);
            check_drawn(&format!("translation_{mode}_{reading}"), |drawn, x, y| {
                layer.translate([drawn[0], drawn[1]], x, y);
            });
            let layer = RandomZoom::new(IMAGE, [-1.0, 1.0]).width_factor([-1.0, 1.0]);
            let layer = layer.fill_mode(fill_mode).interpolation(interpolation);
            let layer = layer.fill_value(2.5);
            check_drawn(&format!("zoom_{mode}_{reading}"), |drawn, x, y| {
                layer.zoom([drawn[0], drawn[1]], x, y);
            });
        }
    }
}

#[test]
fn brightness_and_contrast_are_those_of_keras() {
    let brightness = RandomBrightness::new(IMAGE, [-1.0, 1.0]);
    check_drawn("brightness", |drawn, x, y| {
        brightness.brighten(drawn[0], x, y)
    });
    let brightness = brightness.value_range([80.0, 120.0]);
    check_drawn("brightness_range", |drawn, x, y| {
        brightness.brighten(drawn[0], x, y)
    });
    let contrast = RandomContrast::new(IMAGE, [1.0, 1.0]);
    check_drawn("contrast", |drawn, x, y| contrast.adjust(drawn[0], x, y));
    let contrast = contrast.value_range([80.0, 120.0]);
    check_drawn("contrast_range", |drawn, x, y| {
        contrast.adjust(drawn[0], x, y)
    });
}

#[test]
fn parts_are_cut_out_and_erased_as_by_keras() {
    let crop = RandomCrop::new(IMAGE, [4, 5]);
    for case in [0, 2, 3] {
        check_drawn(&format!("random_crop_{case}"), |drawn, x, y| {
            crop.crop([drawn[0] as usize, drawn[1] as usize], x, y);
        });
    }
    let erasing = RandomErasing::new(IMAGE);
    for (case, fill) in [(0, 7.5), (3, 300.0)] {
        check_drawn(&format!("random_erasing_{case}"), |drawn, x, y| {
            y.copy_from_slice(x);
            let rectangle = [[drawn[0], drawn[1]], [drawn[2], drawn[3]]];
            erasing.erase(rectangle, |_| fill, y);
        });
    }
}

model! { Crop4: Input(7, 9, 2) => Resizing(4, 5, crop_to_aspect_ratio = true) }
model! { Crop10: Input(7, 9, 2) => Resizing(10, 4, crop_to_aspect_ratio = true) }
model! { Crop3: Input(7, 9, 2) => Resizing(3, 12, crop_to_aspect_ratio = true) }
model! { Crop14: Input(7, 9, 2) => Resizing(14, 6, crop_to_aspect_ratio = true) }
model! { CropNearest4: Input(7, 9, 2) => Resizing(4, 5, nearest, crop_to_aspect_ratio = true) }
model! { CropNearest10: Input(7, 9, 2) => Resizing(10, 4, nearest, crop_to_aspect_ratio = true) }
model! { CropNearest3: Input(7, 9, 2) => Resizing(3, 12, nearest, crop_to_aspect_ratio = true) }
model! { CropNearest14: Input(7, 9, 2) => Resizing(14, 6, nearest, crop_to_aspect_ratio = true) }
model! { Pad4: Input(7, 9, 2) => Resizing(4, 5, pad_to_aspect_ratio = true, fill_value = 2.5) }
model! { Pad10: Input(7, 9, 2) => Resizing(10, 4, pad_to_aspect_ratio = true, fill_value = 2.5) }
model! { Pad3: Input(7, 9, 2) => Resizing(3, 12, pad_to_aspect_ratio = true, fill_value = 2.5) }
model! { Pad14: Input(7, 9, 2) => Resizing(14, 6, pad_to_aspect_ratio = true, fill_value = 2.5) }
model! { PadNearest4: Input(7, 9, 2) => Resizing(4, 5, nearest, pad_to_aspect_ratio = true, fill_value = 2.5) }
model! { PadNearest10: Input(7, 9, 2) => Resizing(10, 4, nearest, pad_to_aspect_ratio = true, fill_value = 2.5) }
model! { PadNearest3: Input(7, 9, 2) => Resizing(3, 12, nearest, pad_to_aspect_ratio = true, fill_value = 2.5) }
model! { PadNearest14: Input(7, 9, 2) => Resizing(14, 6, nearest, pad_to_aspect_ratio = true, fill_value = 2.5) }

/// Holds the inference of a model without weights to Keras's layer.
fn check_inference<M, S>(case: &str)
where
    M: Train<Input = Rank3<7, 9, 2>, Heads = Head<Linear, S>>,
    S: StaticShape,
{
    check_drawn(case, |_, x, y| {
        let net = M::zeroed();
        let mut arena = vec![0.0; M::ARENA_LEN];
        net.logits(x, &mut Memory::new(&mut arena, 1), y);
    });
}

#[test]
fn an_aspect_ratio_is_kept_as_by_keras() {
    check_inference::<Crop4, _>("resizing_crop_bilinear_4");
    check_inference::<Crop10, _>("resizing_crop_bilinear_10");
    check_inference::<Crop3, _>("resizing_crop_bilinear_3");
    check_inference::<Crop14, _>("resizing_crop_bilinear_14");
    check_inference::<CropNearest4, _>("resizing_crop_nearest_4");
    check_inference::<CropNearest10, _>("resizing_crop_nearest_10");
    check_inference::<CropNearest3, _>("resizing_crop_nearest_3");
    check_inference::<CropNearest14, _>("resizing_crop_nearest_14");
    check_inference::<Pad4, _>("resizing_pad_bilinear_4");
    check_inference::<Pad10, _>("resizing_pad_bilinear_10");
    check_inference::<Pad3, _>("resizing_pad_bilinear_3");
    check_inference::<Pad14, _>("resizing_pad_bilinear_14");
    check_inference::<PadNearest4, _>("resizing_pad_nearest_4");
    check_inference::<PadNearest10, _>("resizing_pad_nearest_10");
    check_inference::<PadNearest3, _>("resizing_pad_nearest_3");
    check_inference::<PadNearest14, _>("resizing_pad_nearest_14");
}

model! { Augmented:
    Input(7, 9, 2)
    => RandomTranslation(0.1, (-0.2, 0.3), fill_mode = wrap)
    => RandomZoom((-0.2, 0.1), 0.3, interpolation = nearest, fill_value = 1)
    => RandomBrightness(0.1, value_range = (0, 1))
    => RandomContrast((0.1, 0.2))
    => RandomRotation(0.1, constant, fill_value = 3)
    => Flatten
    => Dense(1)
}

#[test]
fn augmentation_costs_inference_nothing() {
    assert_eq!(Augmented::MACS, 7 * 9 * 2);
    assert_eq!(Augmented::ARENA_BYTES, 0);
}

model! { Cropped: Input(7, 9, 2) => CenterCrop(4, 5) }
model! { CroppedHigh: Input(7, 9, 2) => CenterCrop(10, 5) }
model! { CroppedWide: Input(7, 9, 2) => CenterCrop(5, 12) }
model! { CroppedLarge: Input(7, 9, 2) => CenterCrop(11, 13) }
model! { CroppedSame: Input(7, 9, 2) => CenterCrop(7, 3) }

#[test]
fn the_middle_is_that_of_keras() {
    use check_inference as check;
    check::<Cropped, _>("center_crop");
    check::<CroppedSame, _>("center_crop_same");
    check::<CroppedWide, _>("center_crop_wide");
    check::<CroppedHigh, _>("center_crop_high");
    check::<CroppedLarge, _>("center_crop_large");
}

model! { Sparse: Input(4) => Dense(3, sparsemax, kernel_initializer = identity) }

#[test]
fn sparsemax_gives_probabilities() {
    let (net, mut arena) = (Sparse::new(Seed(1)), Arena::new());
    let mut predict = |x: [f32; 4]| net.predict_in(&x.into(), &mut arena);
    // The example of Keras's documentation.
    assert_eq!(predict([-1.0, 0.0, 1.0, 9.0]).as_slice(), [0.0, 0.0, 1.0]);
    // Three values above the threshold, -1/12, whose sum is 1: not so in Keras 3.15, see the layer.
    let found = predict([0.5, 0.25, 0.0, 9.0]);
    let expected = [7.0 / 12.0, 4.0 / 12.0, 1.0 / 12.0];
    assert_close("sparsemax", found.as_slice(), &expected, 1e-6);
}
