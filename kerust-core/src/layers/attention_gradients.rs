//! Where attention's gradients go.

use crate::kernels::{copy, sum_into};

/// Hands out the gradients of queries and keys to the inputs that they are, behind the gradient of the values, which
/// has been written. `inputs` are the numbers of the inputs that queries, keys and values are.
pub(super) fn hand_out(inputs: [usize; 3], parts: [&[f32]; 2], dx: &mut [Option<&mut [f32]>; 3]) {
    for (input, part) in inputs.into_iter().zip(parts) {
        match &mut dx[input] {
            Some(dx) if input == inputs[2] => sum_into(dx, part),
            Some(dx) => copy(part, dx),
            None => {}
        }
    }
}
