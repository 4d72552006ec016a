//! Structs of sizes made by hand, with sizes that wrap in a release build: each kernel refuses them before it
//! computes anything, by its own message. The message shows that no arithmetic came first, which would panic
//! in a debug build and wrap in a release build.

use super::{Convolution, Depthwise, Epilogue, Kernels, Pooling, Separable};
use crate::activation::Activation;
use crate::layer::Pass;
use crate::shape::{Padding, Window};
use std::panic::{AssertUnwindSafe, catch_unwind};

const HUGE: usize = usize::MAX / 4 + 1;
const LARGE: [usize; 6] = [0, HUGE - 1, HUGE, 2 * HUGE, usize::MAX - 1, usize::MAX];

/// Checks that the work is refused because of its sizes.
#[track_caller]
fn refused(what: &dyn std::fmt::Debug, work: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else {
        panic!("{what:?} is not refused");
    };
    let message = match panic.downcast_ref::<String>() {
        Some(message) => message,
        None => *panic.downcast_ref::<&str>().expect("a message"),
    };
    assert!(message.contains("or overflow"), "{what:?}: {message}");
}

/// Windows and images of which one number is too large, or 0.
fn extremes() -> Vec<(Window, [usize; 3])> {
    let mut all = Vec::new();
    for padding in [Padding::Valid, Padding::Same, Padding::Causal] {
        for number in LARGE {
            for place in 0..9 {
                let (mut window, mut input) = (Window::PIXEL, [5, 4, 3]);
                (window.size, window.padding) = ([2, 3], padding);
                match place {
                    0..2 => window.size[place] = number,
                    2..4 => window.strides[place - 2] = number,
                    4..6 => window.dilation[place - 4] = number,
                    _ => input[place - 6] = number,
                }
                // An image without channels is empty, and nothing overflows.
                if place < 8 || number > 0 {
                    all.push((window, input));
                }
            }
        }
    }
    all
}

const X: [f32; 60] = [0.0; 60];

#[test]
fn convolutions_refuse_sizes_that_wrap() {
    let convolution = |(window, input)| Convolution {
        input,
        filters: 2,
        window,
        groups: 1,
    };
    let mut all: Vec<Convolution> = extremes().into_iter().map(convolution).collect();
    let plain = convolution((Window::PIXEL, [5, 4, 3]));
    for number in LARGE {
        let (filters, groups) = (number, number);
        if number > 0 {
            all.push(Convolution { filters, ..plain });
        }
        all.push(Convolution { groups, ..plain });
    }
    for c in &all {
        let mut y = [0.0; 40];
        let (kernel, bias) = (&X[..36], &[0.0; 2]);
        refused(c, || c.forward(&X, kernel, bias, &mut y, Epilogue::NONE));
        refused(c, || {
            c.forward_in_place(kernel, bias, &mut y, &mut [], Epilogue::NONE);
        });
        refused(c, || c.input_gradient(&X, kernel, &mut y));
        let (mut dkernel, mut dbias) = ([0.0; 36], [0.0; 2]);
        refused(c, || {
            c.weight_gradient(&X, &y, &mut dkernel, &mut dbias, false);
        });
        let mut dy = [0.0; 40];
        refused(c, || {
            let pass = Pass {
                x: &X[..],
                y: &y[..],
                saved: (),
                dy: &mut dy[..],
                dx: None,
                accumulate: false,
            };
            c.backward(pass, kernel, Activation::Linear, None);
        });
    }
}

#[test]
fn pools_refuse_sizes_that_wrap() {
    for (window, input) in extremes() {
        let pool = Pooling { input, window };
        let (mut y, dy) = ([0.0; 60], [0.0; 60]);
        refused(&pool, || pool.maximum(&X, &mut y));
        refused(&pool, || pool.average(&X, &mut y));
        refused(&pool, || pool.maximum_gradient(&X, &dy, &mut y));
        refused(&pool, || pool.average_gradient(&dy, &mut y));
        refused(&pool, || pool.global_maximum_gradient(&X, &dy, &dy, &mut y));
    }
}

#[test]
fn depthwise_convolutions_refuse_sizes_that_wrap() {
    let depthwise = |(window, input)| Depthwise {
        input,
        multiplier: 2,
        window,
    };
    let mut all: Vec<Depthwise> = extremes().into_iter().map(depthwise).collect();
    let plain = depthwise((Window::PIXEL, [5, 4, 3]));
    let large = LARGE.into_iter().filter(|number| *number > 0);
    all.extend(large.map(|multiplier| Depthwise {
        multiplier,
        ..plain
    }));
    for d in &all {
        let mut y = [0.0; 60];
        refused(d, || d.forward(&X, &X, &[], &mut y, Activation::Linear));
        refused(d, || d.input_gradient(&X, &X, &mut y));
        let mut dkernel = [0.0; 60];
        refused(d, || {
            d.weight_gradient(&X, &X, &mut dkernel, &mut [], false);
        });
        let separable = Separable {
            depthwise: *d,
            filters: 2,
        };
        let kernels = Kernels {
            depthwise: &X[..],
            pointwise: &X[..],
        };
        refused(&separable, || {
            separable.forward(&X, kernels, &[], &mut y, Activation::Linear);
        });
        refused(&separable, || {
            separable.depthwise_gradient(&X, &X, kernels, None, Some(&mut y), false);
        });
    }
}
