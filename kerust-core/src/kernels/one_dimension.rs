//! Tests of one-dimensional layers with two-dimensional kernels: a sequence of (steps, features) is an image
//! of height 1.

use super::golden::{Case, cases};
use super::{Convolution, Depthwise, Epilogue, Pooling};
use crate::activation::Activation;
use crate::layer::Pass;
use crate::shape::{Padding, Window};

/// The tolerance of values and gradients, relative where they exceed 1.
const TOLERANCE: f32 = 2e-6;

#[test]
fn convolutions_of_sequences_are_those_of_images_of_height_one() {
    for case in cases("conv1d_") {
        let [_, steps, channels] = case.shape("x")[..] else {
            panic!("{}: a sequence", case.name)
        };
        let x = case.values("x");
        let convolution = Convolution {
            input: [1, steps, channels],
            filters: case.argument("filters").as_u64().unwrap() as usize,
            window: window(&case, "kernel_size"),
            groups: case.argument("groups").as_u64().unwrap() as usize,
        };
        let (kernel, bias) = (case.values("kernel"), case.values("bias"));
        let mut y = vec![f32::NAN; case.values("y").len()];
        convolution.forward(&x, &kernel, &bias, &mut y, Epilogue::NONE);
        case.check("y", &y, TOLERANCE);

        let mut dx = vec![f32::NAN; x.len()];
        let mut dkernel = vec![f32::NAN; kernel.len()];
        let mut dbias = vec![f32::NAN; bias.len()];
        let mut dy = case.values("dy");
        let pass = Pass {
            x: &x[..],
            y: &y[..],
            saved: (),
            dy: &mut dy[..],
            dx: Some(&mut dx[..]),
            accumulate: false,
        };
        let weights = [&mut dkernel[..], &mut dbias[..]];
        convolution.backward(pass, &kernel, Activation::Linear, Some(weights));
        case.check("dx", &dx, TOLERANCE);
        case.check("d_kernel", &dkernel, TOLERANCE);
        case.check("d_bias", &dbias, TOLERANCE);
    }
}

#[test]
fn depthwise_convolutions_of_sequences_are_those_of_images_of_height_one() {
    for case in cases("depthwise_conv1d_") {
        let shape = case.shape("x");
        let depthwise = Depthwise {
            input: [1, shape[1], shape[2]],
            multiplier: case.argument("depth_multiplier").as_u64().unwrap() as usize,
            window: window(&case, "kernel_size"),
        };
        let (x, dy) = (case.values("x"), case.values("dy"));
        let (kernel, bias) = (case.values("kernel"), case.values("bias"));
        let mut y = vec![f32::NAN; dy.len()];
        depthwise.forward(&x, &kernel, &bias, &mut y, Activation::Linear);
        case.check("y", &y, TOLERANCE);
        let mut dx = vec![f32::NAN; x.len()];
        let mut dkernel = vec![f32::NAN; kernel.len()];
        let mut dbias = vec![f32::NAN; bias.len()];
        depthwise.weight_gradient(&x, &dy, &mut dkernel, &mut dbias, false);
        depthwise.input_gradient(&dy, &kernel, &mut dx);
        case.check("dx", &dx, TOLERANCE);
        case.check("d_kernel", &dkernel, TOLERANCE);
        case.check("d_bias", &dbias, TOLERANCE);
    }
}

#[test]
fn pools_of_sequences_are_those_of_images_of_height_one() {
    for prefix in ["max_pooling1d_", "average_pooling1d_"] {
        for case in cases(prefix) {
            let shape = case.shape("x");
            let pooling = Pooling {
                input: [1, shape[1], shape[2]],
                window: window(&case, "pool_size"),
            };
            let (x, dy) = (case.values("x"), case.values("dy"));
            let mut y = vec![f32::NAN; dy.len()];
            let mut dx = vec![f32::NAN; x.len()];
            if case.class == "MaxPooling1D" {
                pooling.maximum(&x, &mut y);
                pooling.maximum_gradient(&x, &dy, &mut dx);
            } else {
                pooling.average(&x, &mut y);
                pooling.average_gradient(&dy, &mut dx);
            }
            case.check("y", &y, TOLERANCE);
            case.check("dx", &dx, TOLERANCE);
        }
    }
}

/// The window of a case, with one row.
fn window(case: &Case, size: &str) -> Window {
    let number = |name: &str| {
        let value = case.argument(name);
        let value = value.get(0).unwrap_or(value);
        value.as_u64().unwrap_or(1) as usize
    };
    Window {
        size: [1, number(size)],
        strides: [1, number("strides")],
        padding: match case.argument("padding").as_str() {
            Some("same") => Padding::Same,
            Some("causal") => Padding::Causal,
            _ => Padding::Valid,
        },
        dilation: [1, number("dilation_rate")],
    }
}
