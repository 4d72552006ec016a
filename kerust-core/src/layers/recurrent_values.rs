//! What recurrent layers read and give: sequences, masks and states.

use crate::element::Elements;

/// The inputs of a recurrent layer.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentInputs<'a> {
    /// The sequences.
    pub x: &'a [f32],
    /// 0 for each step that is left out; empty without a mask.
    pub mask: &'a [u8],
    /// The states h and c with which the layer begins; an empty one is 0.
    pub states: [&'a [f32]; 2],
}

/// The element types of a recurrent layer's inputs: `f32` for sequences alone, and behind it `f32` or `[f32; 2]` for
/// initial states, and `u8` for a mask.
pub trait RecurrentInput: Elements {
    /// The inputs.
    fn parts<'a>(x: Self::Slices<'a>) -> RecurrentInputs<'a>;
    /// Where the gradients of the sequences and of the states go.
    fn gradients<'a>(dx: Self::GradientsOut<'a>) -> (Asked<'a>, [Asked<'a>; 2]);
}

/// Where a gradient goes, if anybody asks for it.
type Asked<'a> = Option<&'a mut [f32]>;

/// The element types of a recurrent layer's outputs: `f32`, and behind it one `f32` for each state.
pub trait RecurrentOutput: Elements {
    /// The outputs, and the last states, each empty where it is not asked for.
    fn parts<'a>(y: Self::SlicesMut<'a>) -> (&'a mut [f32], [&'a mut [f32]; 2]);
    /// The gradients of the outputs and of the last states.
    fn gradients<'a>(dy: Self::Gradients<'a>) -> (&'a [f32], [&'a [f32]; 2]);
}

macro_rules! inputs {
    ($($type:ty, $pattern:pat => [$x:expr, $mask:expr, $h:expr, $c:expr], [$dx:expr, $dh:expr, $dc:expr];)+) => {$(
        impl RecurrentInput for $type {
            fn parts<'a>($pattern: Self::Slices<'a>) -> RecurrentInputs<'a> {
                RecurrentInputs { x: $x, mask: $mask, states: [$h, $c] }
            }

            #[allow(unused_variables, reason = "a mask has no gradient")]
            fn gradients<'a>($pattern: Self::GradientsOut<'a>) -> (Asked<'a>, [Asked<'a>; 2]) {
                ($dx, [$dh, $dc])
            }
        }
    )+};
}
inputs! {
    f32, x => [x, &[], &[], &[]], [x, None, None];
    (f32, u8), (x, mask) => [x, mask, &[], &[]], [x, None, None];
    (f32, f32), (x, h) => [x, &[], h, &[]], [x, h, None];
    (f32, f32, u8), (x, h, mask) => [x, mask, h, &[]], [x, h, None];
    (f32, [f32; 2]), (x, [h, c]) => [x, &[], h, c], [x, h, c];
    (f32, [f32; 2], u8), (x, [h, c], mask) => [x, mask, h, c], [x, h, c];
}

macro_rules! outputs {
    ($($type:ty, $pattern:pat => [$y:expr, $h:expr, $c:expr];)+) => {$(
        impl RecurrentOutput for $type {
            fn parts<'a>($pattern: Self::SlicesMut<'a>) -> (&'a mut [f32], [&'a mut [f32]; 2]) {
                ($y, [$h, $c])
            }

            fn gradients<'a>($pattern: Self::Gradients<'a>) -> (&'a [f32], [&'a [f32]; 2]) {
                ($y, [$h, $c])
            }
        }
    )+};
}
outputs! {
    f32, y => [y, &mut [], &mut []];
    (f32, f32), (y, h) => [y, h, &mut []];
    (f32, f32, f32), (y, h, c) => [y, h, c];
}

/// The element types of the inputs of a recurrent layer in both directions: `f32` for sequences alone, and behind it
/// `[f32; 2]` or `[f32; 4]` for initial states, those of the forward layer first, and `u8` for a mask.
pub trait BidirectionalInput: Elements {
    /// The inputs of both directions.
    fn both<'a>(x: Self::Slices<'a>) -> [RecurrentInputs<'a>; 2];
    /// Where the gradients of the sequences and of the states of both directions go.
    fn gradients<'a>(dx: Self::GradientsOut<'a>) -> (Asked<'a>, [[Asked<'a>; 2]; 2]);
}

/// The element types of the outputs of a recurrent layer in both directions: `f32`, and behind it one `f32` for each
/// state, those of the forward layer first.
pub trait BidirectionalOutput: Elements {
    /// The outputs, and the last states of both directions, each empty where it is not asked for.
    fn both<'a>(y: Self::SlicesMut<'a>) -> (&'a mut [f32], [[&'a mut [f32]; 2]; 2]);
    /// The gradients of the outputs and of the last states of both directions.
    fn gradients<'a>(dy: Self::Gradients<'a>) -> (&'a [f32], [[&'a [f32]; 2]; 2]);
}

macro_rules! both_inputs {
    ($($type:ty, $pattern:pat => $x:expr, $mask:expr, $states:expr, $dstates:expr;)+) => {$(
        impl BidirectionalInput for $type {
            fn both<'a>($pattern: Self::Slices<'a>) -> [RecurrentInputs<'a>; 2] {
                let states: [[&[f32]; 2]; 2] = $states;
                states.map(|states| RecurrentInputs { x: $x, mask: $mask, states })
            }

            #[allow(unused_variables, reason = "a mask has no gradient")]
            fn gradients<'a>($pattern: Self::GradientsOut<'a>) -> (Asked<'a>, [[Asked<'a>; 2]; 2]) {
                ($x, $dstates)
            }
        }
    )+};
}
both_inputs! {
    f32, x => x, &[], [[&[], &[]]; 2], [[None, None], [None, None]];
    (f32, u8), (x, mask) => x, mask, [[&[], &[]]; 2], [[None, None], [None, None]];
    (f32, [f32; 2]), (x, [f, b]) => x, &[], [[f, &[]], [b, &[]]], [[f, None], [b, None]];
    (f32, [f32; 2], u8), (x, [f, b], mask) => x, mask, [[f, &[]], [b, &[]]], [[f, None], [b, None]];
    (f32, [f32; 4]), (x, [fh, fc, bh, bc]) => x, &[], [[fh, fc], [bh, bc]], [[fh, fc], [bh, bc]];
    (f32, [f32; 4], u8), (x, [fh, fc, bh, bc], mask) => x, mask, [[fh, fc], [bh, bc]], [[fh, fc], [bh, bc]];
}

macro_rules! both_outputs {
    ($($type:ty, $pattern:pat => $y:expr, $states:expr;)+) => {$(
        impl BidirectionalOutput for $type {
            fn both<'a>($pattern: Self::SlicesMut<'a>) -> (&'a mut [f32], [[&'a mut [f32]; 2]; 2]) {
                ($y, $states)
            }

            fn gradients<'a>($pattern: Self::Gradients<'a>) -> (&'a [f32], [[&'a [f32]; 2]; 2]) {
                ($y, $states)
            }
        }
    )+};
}
both_outputs! {
    f32, y => y, [[&mut [], &mut []], [&mut [], &mut []]];
    (f32, f32, f32), (y, f, b) => y, [[f, &mut []], [b, &mut []]];
    (f32, f32, f32, f32, f32), (y, fh, fc, bh, bc) => y, [[fh, fc], [bh, bc]];
}
