//! Elementwise operations, divided over threads.

use super::isa::vectorized;
use super::parallel;
use crate::activation::Activation;

/// The number of values that a thread takes at a time: enough to outweigh the cost of switching threads.
pub(super) const CHUNK_LEN: usize = 1 << 13;

/// The number of multiply-adds that take as long as the activation of one value, or its gradient.
pub(super) const VALUE_MACS: usize = 8;

/// `y = function(x)`
pub(crate) fn map(x: &[f32], y: &mut [f32], function: impl Fn(f32) -> f32 + Sync) {
    let macs = y.len() * VALUE_MACS;
    parallel::chunks(y, CHUNK_LEN, macs, |chunk, y| {
        let pairs = y.iter_mut().zip(x.get(chunk * CHUNK_LEN..).unwrap_or(&[]));
        vectorized(
            #[inline(always)]
            || pairs.for_each(|(y, x)| *y = function(*x)),
        );
    });
}

/// `y = function(y)`
pub(crate) fn map_in_place(y: &mut [f32], function: impl Fn(f32) -> f32 + Sync) {
    let macs = y.len() * VALUE_MACS;
    parallel::chunks(y, CHUNK_LEN, macs, |_, y| {
        let each = y.iter_mut();
        vectorized(
            #[inline(always)]
            || each.for_each(|y| *y = function(*y)),
        );
    });
}

/// `y = function(a, b)`
pub(crate) fn combine(
    a: &[f32],
    b: &[f32],
    y: &mut [f32],
    function: impl Fn(f32, f32) -> f32 + Sync,
) {
    let macs = y.len() * VALUE_MACS;
    parallel::chunks(y, CHUNK_LEN, macs, |chunk, y| {
        let [a, b] = [a, b].map(|values| values.get(chunk * CHUNK_LEN..).unwrap_or(&[]));
        let values = y.iter_mut().zip(a.iter().zip(b));
        vectorized(
            #[inline(always)]
            || values.for_each(|(y, (a, b))| *y = function(*a, *b)),
        );
    });
}

/// `y = activation(x₀ + x₁ + ..)`, in this order, for an elementwise activation. Inlined so that unused
/// activations are dropped from firmware.
#[cfg_attr(not(feature = "std"), inline(always))]
pub(crate) fn sum(x: &[&[f32]], y: &mut [f32], activation: Activation) {
    let (first, rest) = x.split_at(x.len().min(1));
    let macs = y.len() * VALUE_MACS;
    parallel::chunks(y, CHUNK_LEN, macs, |chunk, y| {
        match first {
            [first] => copy(part(first, chunk, y.len()), y),
            _ => y.fill(0.0),
        }
        add_parts(y, rest, chunk, activation);
    });
}

/// Like [`sum`], with the first part in `y`.
#[cfg_attr(not(feature = "std"), inline(always))]
pub(crate) fn sum_in_place(y: &mut [f32], rest: &[&[f32]], activation: Activation) {
    let macs = y.len() * VALUE_MACS;
    parallel::chunks(y, CHUNK_LEN, macs, |chunk, y| {
        add_parts(y, rest, chunk, activation);
    });
}

/// A chunk of values.
fn part(values: &[f32], chunk: usize, len: usize) -> &[f32] {
    let values = values.get(chunk * CHUNK_LEN..).unwrap_or_default();
    values.get(..len).unwrap_or_default()
}

#[cfg_attr(not(feature = "std"), inline(always))]
fn add_parts(y: &mut [f32], parts: &[&[f32]], chunk: usize, activation: Activation) {
    add(y, parts, chunk);
    activation.apply(y, 1);
}

#[inline(never)]
fn add(y: &mut [f32], parts: &[&[f32]], chunk: usize) {
    for x in parts {
        let x = part(x, chunk, y.len());
        let pairs = y.iter_mut().zip(x);
        vectorized(
            #[inline(always)]
            || pairs.for_each(|(y, x)| *y += x),
        );
    }
}

/// Adds a bias to each row. An empty bias adds nothing.
pub fn add_bias(values: &mut [f32], bias: &[f32]) {
    if bias.is_empty() {
        return;
    }
    let len = CHUNK_LEN.next_multiple_of(bias.len().max(1));
    let macs = values.len();
    parallel::chunks(values, len, macs, |_, values| {
        for row in values.chunks_exact_mut(bias.len().max(1)) {
            row.iter_mut().zip(bias).for_each(|(y, bias)| *y += bias);
        }
    });
}

/// Replaces pre-activations by activations; `features` is the size of the last axis.
pub fn activate(activation: Activation, values: &mut [f32], features: usize) {
    if activation == Activation::Linear {
        return;
    }
    let len = CHUNK_LEN.next_multiple_of(features.max(1));
    let macs = values.len() * VALUE_MACS;
    parallel::chunks(values, len, macs, |_, values| {
        activation.apply(values, features);
    });
}

/// `y = activation(x)`; `features` is the size of the last axis.
pub(crate) fn activated(activation: Activation, x: &[f32], y: &mut [f32], features: usize) {
    let len = CHUNK_LEN.next_multiple_of(features.max(1));
    let macs = y.len() * VALUE_MACS;
    parallel::chunks(y, len, macs, |chunk, y| {
        copy(
            x.get(chunk * len..)
                .unwrap_or_default()
                .get(..y.len())
                .unwrap_or_default(),
            y,
        );
        activation.apply(y, features);
    });
}

/// The gradient of `y = activation(x)`: computes `dx` from `dy`. `features` is the size of the last axis.
pub(crate) fn activated_gradient(
    activation: Activation,
    [x, y, dy]: [&[f32]; 3],
    dx: &mut [f32],
    features: usize,
) {
    let len = CHUNK_LEN.next_multiple_of(features.max(1));
    let macs = dx.len() * VALUE_MACS;
    parallel::chunks(dx, len, macs, |chunk, dx| {
        let [x, y, dy] = [x, y, dy].map(|values| &values[chunk * len..][..dx.len()]);
        activation.backward_from_input(x, y, dy, dx, features);
    });
}

/// Replaces the gradient of activations by that of pre-activations. `features` is the size of the last axis.
pub fn activation_gradient(activation: Activation, y: &[f32], dy: &mut [f32], features: usize) {
    if activation == Activation::Linear {
        return;
    }
    let len = CHUNK_LEN.next_multiple_of(features.max(1));
    let macs = dy.len() * VALUE_MACS;
    parallel::chunks(dy, len, macs, |chunk, dy| {
        activation.backward(&y[chunk * len..][..dy.len()], dy, features);
    });
}

/// Copies a batch of values.
pub fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    check!(
        from.len() == to.len(),
        "{} values are copied to {}",
        from.len(),
        to.len()
    );
    to.copy_from_slice(from);
}
