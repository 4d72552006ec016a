//! Weights of 8-bit layers.
//!
//! A model that is marked `#[int8]` has an 8-bit twin. The twin has the layers of the model, with the weights of
//! this module in the place of `f32` ones. The arithmetic is that of TensorFlow Lite Micro's reference kernels: a
//! value is `scale · (q − zero_point)`, weights are symmetric with a scale for each output channel, and a sum of
//! products becomes an output by a fixed-point multiplier. See [`quantize`](crate::quantize).
//!
//! All numbers are stored as a device needs them: the input's zero point is part of the bias, and scales are
//! fixed-point multipliers. The scale of a layer's output is stored too. No device reads it; it says which real
//! numbers the outputs stand for.

use crate::kernels::int8::{Add, Filters, Mean, Multiplier, Output, Softmax};
pub use crate::kernels::int8::{conv_scratch_len, depthwise_scratch_len};
use crate::layer::weights;

weights! {
    /// How `f32` values become 8-bit ones at a model's input, and the other way round at its output.
    pub struct QuantizationWeights<> {}
    state {
        /// The distance between two neighbouring values.
        pub scale: [f32; 1],
        /// The 8-bit value that stands for 0.
        pub zero_point: [i8; 1],
    }
}

weights! {
    /// The 8-bit numbers of a [`Dense`](super::Dense). `BIAS` has no meaning: there always is a bias, since it
    /// holds the input's zero point.
    pub struct DenseWeights<const IN: usize, const OUT: usize, const BIAS: usize = OUT> {}
    state {
        /// The weights of each output.
        pub kernel: [[i8; IN]; OUT],
        /// The bias of each output, with the input's zero point folded into it.
        pub bias: [i32; OUT],
        /// The multiplier of each output: a mantissa, and a shift.
        pub multiplier: [[i32; 2]; OUT],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero points of the input and of the output.
        pub zero_point: [i8; 2],
        /// The smallest and the largest value of the output.
        pub range: [i8; 2],
    }
}

weights! {
    /// The 8-bit numbers of a [`Conv2D`](super::Conv2D). `IN` counts the input channels of one group.
    pub struct Conv2DWeights<const KH: usize, const KW: usize, const IN: usize, const OUT: usize, const BIAS: usize = OUT> {}
    state {
        /// The weights of each filter.
        pub kernel: [[[[i8; IN]; KW]; KH]; OUT],
        /// The bias of each filter, with the input's zero point folded into it.
        pub bias: [i32; OUT],
        /// The multiplier of each filter: a mantissa, and a shift.
        pub multiplier: [[i32; 2]; OUT],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero points of the input and of the output.
        pub zero_point: [i8; 2],
        /// The smallest and the largest value of the output.
        pub range: [i8; 2],
    }
}

weights! {
    /// The 8-bit numbers of a [`Conv1D`](super::Conv1D). `IN` counts the input channels of one group.
    pub struct Conv1DWeights<const K: usize, const IN: usize, const OUT: usize, const BIAS: usize = OUT> {}
    state {
        /// The weights of each filter.
        pub kernel: [[[i8; IN]; K]; OUT],
        /// The bias of each filter, with the input's zero point folded into it.
        pub bias: [i32; OUT],
        /// The multiplier of each filter: a mantissa, and a shift.
        pub multiplier: [[i32; 2]; OUT],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero points of the input and of the output.
        pub zero_point: [i8; 2],
        /// The smallest and the largest value of the output.
        pub range: [i8; 2],
    }
}

weights! {
    /// The 8-bit numbers of a [`DepthwiseConv2D`](super::DepthwiseConv2D): `M` outputs for each channel.
    pub struct DepthwiseConv2DWeights<const KH: usize, const KW: usize, const C: usize, const M: usize, const BIAS: usize> {}
    state {
        /// The weight of each tap of the window, for each channel and each of its outputs.
        pub kernel: [[[[i8; M]; C]; KW]; KH],
        /// The bias of each output, with the input's zero point folded into it.
        pub bias: [[i32; M]; C],
        /// The multiplier of each output: a mantissa, and a shift.
        pub multiplier: [[[i32; 2]; M]; C],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero points of the input and of the output.
        pub zero_point: [i8; 2],
        /// The smallest and the largest value of the output.
        pub range: [i8; 2],
    }
}

weights! {
    /// The 8-bit numbers of a [`BatchNormalization`](super::BatchNormalization) that does not follow a layer into
    /// which it could be folded: a factor and a bias for each channel.
    pub struct BatchNormalizationWeights<const C: usize, const GAMMA: usize = C, const BETA: usize = C> {}
    state {
        /// The factor of each channel.
        pub kernel: [i8; C],
        /// The bias of each channel, with the input's zero point folded into it.
        pub bias: [i32; C],
        /// The multiplier of each channel: a mantissa, and a shift.
        pub multiplier: [[i32; 2]; C],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero points of the input and of the output.
        pub zero_point: [i8; 2],
        /// The smallest and the largest value of the output.
        pub range: [i8; 2],
    }
}

weights! {
    /// An elementwise layer as a table: the output for each of the 256 inputs.
    pub struct TableWeights<> {}
    state {
        /// The outputs; the input is read as an unsigned byte.
        pub table: [i8; 256],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero point of the output.
        pub zero_point: [i8; 1],
    }
}

weights! {
    /// The numbers of an 8-bit softmax. Its output has the scale 1/256 and the zero point −128.
    pub struct SoftmaxWeights<> {}
    state {
        /// The multiplier of the inputs' differences: a mantissa, and a shift.
        pub multiplier: [i32; 2],
        /// Inputs further below the largest one count as nothing.
        pub min_difference: [i32; 1],
    }
}

weights! {
    /// The numbers of an 8-bit [`Add`](super::Add) of two inputs.
    pub struct AddWeights<> {}
    state {
        /// The multipliers of both inputs: a mantissa, and a shift.
        pub multipliers: [[i32; 2]; 2],
        /// The multiplier of the sum.
        pub multiplier: [i32; 2],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero points of the inputs and of the output.
        pub zero_point: [i8; 3],
        /// The smallest and the largest value of the output.
        pub range: [i8; 2],
    }
}

weights! {
    /// The numbers of an 8-bit [`Concatenate`](super::Concatenate): a table for each input, from its quantization to
    /// that of the output.
    pub struct ConcatenateWeights<const N: usize> {}
    state {
        /// The outputs for each of the 256 values of each input.
        pub tables: [[i8; 256]; N],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero point of the output.
        pub zero_point: [i8; 1],
    }
}

weights! {
    /// The numbers of an 8-bit average over all places of a channel.
    pub struct MeanWeights<> {}
    state {
        /// The multiplier of the sum: a mantissa, and a shift.
        pub multiplier: [i32; 2],
        /// The sum of the zero points of a channel's values.
        pub zero_sum: [i32; 1],
        /// The scale of the output.
        pub scale: [f32; 1],
        /// The zero point of the output.
        pub zero_point: [i8; 1],
    }
}

weights! {
    /// The numbers of an 8-bit pool: none, since its output has the quantization of its input.
    pub struct PoolingWeights<> {}
}

weights! {
    /// The number that 8-bit padding is filled with.
    pub struct PaddingWeights<> {}
    state {
        /// The 8-bit value that stands for 0.
        pub zero_point: [i8; 1],
    }
}

/// The numbers of a layer with weights, as its kernel takes them.
#[inline(always)]
pub(super) fn filters<'a>(
    weights: &'a [i8],
    bias: &'a [i32],
    multipliers: &'a [[i32; 2]],
) -> Filters<'a> {
    Filters {
        weights,
        bias,
        multipliers: Multiplier::slice(multipliers),
    }
}

/// The output of a layer: its zero point, and the range that holds it.
#[inline(always)]
pub(super) const fn output(zero_point: i8, [min, max]: [i8; 2]) -> Output {
    Output {
        zero_point,
        min,
        max,
    }
}

/// The output of a layer that computes no new values: its quantization is that of its input.
pub(super) const SAME: Output = output(0, [i8::MIN, i8::MAX]);

/// The kernel of a sum of two values.
#[inline(always)]
pub(super) const fn add(weights: &AddWeights) -> Add {
    let [a, b, output] = weights.zero_point;
    let [a_multiplier, b_multiplier] = weights.multipliers;
    Add {
        zero_points: [a, b],
        multipliers: [Multiplier::of(a_multiplier), Multiplier::of(b_multiplier)],
        multiplier: Multiplier::of(weights.multiplier),
        output: self::output(output, weights.range),
    }
}

/// The kernel of an average over so many places of so many channels.
#[inline(always)]
pub(super) const fn mean(weights: &MeanWeights, [places, channels]: [usize; 2]) -> Mean {
    Mean {
        places,
        channels,
        zero_sum: weights.zero_sum[0],
        multiplier: Multiplier::of(weights.multiplier),
        output: output(weights.zero_point[0], [i8::MIN, i8::MAX]),
    }
}

/// The kernel of a softmax over so many classes.
#[inline(always)]
pub(super) const fn softmax(weights: &SoftmaxWeights, classes: usize) -> Softmax {
    let multiplier = Multiplier::of(weights.multiplier);
    Softmax::of(classes, multiplier, weights.min_difference[0])
}

/// Gives an elementwise layer its 8-bit arithmetic, which is a table.
macro_rules! tabulated {
    ($layer:ty) => {
        impl $crate::layer::Forward<$crate::layers::int8::TableWeights, i8, i8> for $layer {
            fn forward(
                &self,
                weights: &$crate::layers::int8::TableWeights,
                x: &[i8],
                y: &mut [i8],
                (): (),
            ) {
                $crate::kernels::int8::Table::of(&weights.table).apply(x, y);
            }
        }

        impl $crate::layer::InPlace<$crate::layers::int8::TableWeights, (), i8> for $layer {
            fn forward_in_place(
                &self,
                weights: &$crate::layers::int8::TableWeights,
                y: &mut [i8],
                (): (),
                (): (),
            ) {
                $crate::kernels::int8::Table::of(&weights.table).apply_in_place(y);
            }
        }
    };
}
pub(super) use tabulated;
