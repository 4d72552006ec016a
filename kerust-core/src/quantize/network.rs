//! What an 8-bit twin computes, as a constant.

use super::Int8Layer;
use crate::kernels::int8::Fused;
use crate::layer::Layout;

/// The steps of an 8-bit twin.
///
/// Values have numbers: those of the inputs first, then one for the output of each step.
#[derive(Clone, Copy)]
pub struct Network {
    /// The inputs.
    pub inputs: &'static [Int8Input],
    /// The steps, each after those that it reads.
    pub steps: &'static [Int8Step],
    /// The outputs.
    pub outputs: &'static [Int8Output],
}

/// An input of an 8-bit twin.
#[derive(Clone, Copy)]
pub struct Int8Input {
    /// The field of the twin that holds its quantization.
    pub name: &'static str,
    /// The layer that is applied to it before it is quantized.
    pub rescaling: Option<&'static dyn Int8Layer>,
    /// The number of its values.
    pub len: usize,
}

/// A step of an 8-bit twin.
#[derive(Clone, Copy)]
pub struct Int8Step {
    /// The field of the twin that holds its numbers, and of the model too, where that has any.
    pub name: &'static str,
    /// What it computes.
    pub layer: &'static dyn Int8Layer,
    /// The batch normalization after it, which is folded into it: the field that holds its numbers, and itself.
    pub normalization: Option<(&'static str, &'static dyn Int8Layer)>,
    /// The activation that narrows the range of its output.
    pub fused: Fused,
    /// The values that it reads.
    pub inputs: &'static [usize],
    /// The number of values of its output.
    pub len: usize,
}

/// An output of an 8-bit twin.
#[derive(Clone, Copy)]
pub struct Int8Output {
    /// The field of the twin that holds its quantization.
    pub name: &'static str,
    /// The value that it is.
    pub value: usize,
    /// The value before its activation, or the same one if the output has none of its own.
    pub logits: usize,
}

/// The weights and biases of an 8-bit twin with this layout. Scales, multipliers and tables are not counted.
#[doc(hidden)]
pub const fn params(layout: &Layout) -> usize {
    let Layout::Parts(parts) = layout else {
        return 0;
    };
    let (mut params, mut number) = (0, 0);
    while number < parts.len() {
        let part = &parts[number];
        params += match (&part.layout, part.name.as_bytes()) {
            (Layout::Tensor(..), b"kernel" | b"bias") => part.layout.len(),
            (layout, _) => self::params(layout),
        };
        number += 1;
    }
    params
}
