//! Multiply-adds of one sample.

use super::{Shape, Window};

/// Multiply-adds of `Dense` for one sample.
pub const fn dense_macs(input: Shape, output: Shape) -> usize {
    input.len().saturating_mul(output.last())
}

/// Multiply-adds of `Conv2D` for one sample.
pub const fn conv2d_macs(input: Shape, output: Shape, window: Window, groups: usize) -> usize {
    let taps = window.size[0] * window.size[1] * (input.last() / groups);
    output.len().saturating_mul(taps)
}

/// Multiply-adds of `DepthwiseConv2D` for one sample.
pub const fn depthwise_conv2d_macs(output: Shape, window: Window) -> usize {
    output.len().saturating_mul(window.size[0] * window.size[1])
}

/// Multiply-adds of `SeparableConv2D` for one sample.
pub const fn separable_conv2d_macs(
    input: Shape,
    output: Shape,
    multiplier: usize,
    window: Window,
) -> usize {
    let between = output.len() / output.last() * input.last() * multiplier;
    let taps = window.size[0] * window.size[1] + output.last();
    between.saturating_mul(taps)
}

/// Multiply-adds of `Conv2DTranspose` for one sample.
pub const fn conv2d_transpose_macs(input: Shape, output: Shape, window: Window) -> usize {
    let taps = window.size[0] * window.size[1] * output.last();
    input.len().saturating_mul(taps)
}

/// Multiply-adds of a recurrent layer with this number of gates for one sample: the products of the inputs
/// and of the state, for all steps.
pub const fn recurrent_macs(input: Shape, units: usize, gates: usize) -> usize {
    let each = input.last().saturating_add(units);
    let of_gates = units.saturating_mul(gates);
    (input.len() / input.last())
        .saturating_mul(each)
        .saturating_mul(of_gates)
}

/// Multiply-adds of `Attention` for one sample: the scores, and the weighted sums of the values.
pub const fn attention_macs(values: &[Shape]) -> usize {
    let (query, value) = (values[0], values[1]);
    let scores = query.dim(0).saturating_mul(value.dim(0));
    scores.saturating_mul(query.last().saturating_add(value.last()))
}

/// Multiply-adds of `Dot` for one sample.
pub const fn dot_macs(values: &[Shape], axes: [usize; 2]) -> usize {
    let [m, k, n] = super::dot_sizes(values, axes);
    m.saturating_mul(k).saturating_mul(n)
}

/// Multiply-adds of `MultiHeadAttention` for one sample: the input projections, the scores, the weighted sums
/// of the values, and the output projection. `values` are the shapes of the query, the value and the key; a
/// shape that is missing equals the one before it.
pub const fn multi_head_attention_macs(
    values: &[Shape],
    num_heads: usize,
    key_dim: usize,
    value_dim: usize,
    outputs: usize,
) -> usize {
    let query = values[0];
    let value = if values.len() > 1 { values[1] } else { query };
    let key = if values.len() > 2 { values[2] } else { value };
    let both = key_dim.saturating_add(value_dim);
    let of_outputs = (query.len() / query.last()).saturating_mul(outputs);
    let of_query = query.len().saturating_mul(key_dim);
    let of_query = of_query.saturating_add(of_outputs.saturating_mul(value_dim));
    let of_key = key.len().saturating_mul(key_dim);
    let of_value = value.len().saturating_mul(value_dim);
    let of_scores = (query.len() / query.last())
        .saturating_mul(value.len() / value.last())
        .saturating_mul(both);
    num_heads.saturating_mul(
        of_query
            .saturating_add(of_key)
            .saturating_add(of_value)
            .saturating_add(of_scores),
    )
}
