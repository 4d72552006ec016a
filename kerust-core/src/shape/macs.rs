//! Multiply-adds of one sample.

use super::{Shape, Window};

/// Multiply-adds of `Dense` for one sample.
pub const fn dense_macs(input: Shape, output: Shape) -> usize {
    input.len().saturating_mul(output.len())
}

/// Multiply-adds of `Conv2D` for one sample.
pub const fn conv2d_macs(input: Shape, output: Shape, window: Window, groups: usize) -> usize {
    let taps = window.size[0] * window.size[1] * (input.dim(2) / groups);
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
    let between = output.dim(0) * output.dim(1) * input.dim(2) * multiplier;
    let taps = window.size[0] * window.size[1] + output.dim(2);
    between.saturating_mul(taps)
}

/// Multiply-adds of `Conv2DTranspose` for one sample.
pub const fn conv2d_transpose_macs(input: Shape, output: Shape, window: Window) -> usize {
    let taps = window.size[0] * window.size[1] * output.dim(2);
    input.len().saturating_mul(taps)
}
