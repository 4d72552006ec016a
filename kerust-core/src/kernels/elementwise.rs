//! What is done to each value alone, divided over threads.

use super::parallel;
use crate::activation::Activation;

/// Values that a thread takes at a time: two pages of cache lines, and enough to outweigh a switch.
pub(super) const CHUNK_LEN: usize = 1 << 13;

/// Multiply-adds that take as long as one value's activation or its gradient.
const VALUE_MACS: usize = 8;

/// Adds a bias to each row; an empty one adds nothing.
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

/// Replaces the gradient of activations by that of pre-activations; `features` is the size of the
/// last axis.
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
pub fn copy(from: &[f32], to: &mut [f32]) {
    check!(
        from.len() == to.len(),
        "{} values are copied to {}",
        from.len(),
        to.len()
    );
    to.copy_from_slice(from);
}
