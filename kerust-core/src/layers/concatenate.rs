//! Inputs side by side.

use super::int8;
use crate::gradient::Gradient;
use crate::kernels::copy;
use crate::kernels::int8::{Part, Table};
use crate::layer::{Forward, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};

/// Joins inputs along an axis.
///
/// Along the axis, `y` has the values of `x₀`, then those of `x₁`, and so on.
///
/// # Arguments
/// - `axis = -1`: the axis along which they are joined, counted from 1 or back from -1. As in Keras, axis 0 is the batch.
///
/// # Shapes
/// inputs that differ along the axis only, output with the sum of their sizes there
///
/// # Cost
/// a copy of each value; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net {
///         let image = Input(8, 8, 3);
///         let meta = Input(4);
///         let features = image => Conv2D(6, 3x3, relu) => GlobalAveragePooling2D;
///         Concatenate(features, meta) => Dense(2)
///     }
/// }
/// assert_eq!(Net::PARAMS, (3 * 3 * 3 + 1) * 6 + (6 + 4 + 1) * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Concatenate<const N: usize> {
    runs: [usize; N],
}

impl<const N: usize> Concatenate<N> {
    /// A layer over `N` inputs. A run counts the values of an input that lie together in the output:
    /// its sizes from the axis on, multiplied.
    pub const fn new(runs: [usize; N]) -> Self {
        Self { runs }
    }

    /// Calls `work` with each input's number and, run after run, its place in the input and in the
    /// output.
    fn each_run(&self, len: usize, mut work: impl FnMut(usize, usize, usize, usize)) {
        let row: usize = self.runs.iter().sum();
        let mut before = 0;
        for (input, run) in self.runs.into_iter().enumerate() {
            for number in 0..len / row.max(1) {
                work(input, number * run, number * row + before, run);
            }
            before += run;
        }
    }
}

impl<const N: usize> Concatenate<N> {
    fn join<T: Copy>(&self, x: [&[T]; N], y: &mut [T]) {
        self.each_run(y.len(), |input, from, to, run| {
            let x = x.get(input).and_then(|x| x.get(from..from + run));
            if let (Some(x), Some(y)) = (x, y.get_mut(to..to + run)) {
                copy(x, y);
            }
        });
    }
}

impl<const N: usize> Forward<(), [f32; N]> for Concatenate<N> {
    fn forward(&self, (): &(), x: [&[f32]; N], y: &mut [f32], (): ()) {
        self.join(x, y);
    }
}

/// The mask of `N` sequences that are joined along their steps.
#[derive(Clone, Copy, Debug)]
pub struct MaskConcatenate<const N: usize>(Concatenate<N>);

impl<const N: usize> MaskConcatenate<N> {
    /// A layer over masks of these numbers of steps.
    pub const fn new(steps: [usize; N]) -> Self {
        Self(Concatenate::new(steps))
    }
}

impl<const N: usize> Forward<(), [u8; N], u8> for MaskConcatenate<N> {
    fn forward(&self, (): &(), x: [&[u8]; N], y: &mut [u8], (): ()) {
        self.0.join(x, y);
    }
}

impl<const N: usize> Operation<(), [u8; N], u8> for MaskConcatenate<N> {
    fn backward(&self, (): &(), _: Pass<'_, [u8; N], u8>, _: Gradient<'_>) {}
}

impl<const N: usize> Operation<(), [f32; N]> for Concatenate<N> {
    fn backward(&self, (): &(), pass: Pass<'_, [f32; N]>, _: Gradient<'_>) {
        let mut dx = pass.dx;
        self.each_run(pass.dy.len(), |input, to, from, run| {
            if let Some(dx) = &mut dx[input] {
                dx[to..to + run].copy_from_slice(&pass.dy[from..from + run]);
            }
        });
    }
}

impl<const N: usize> Forward<int8::ConcatenateWeights<N>, [i8; N], i8> for Concatenate<N> {
    fn forward(&self, weights: &int8::ConcatenateWeights<N>, x: [&[i8]; N], y: &mut [i8], (): ()) {
        let stride = self.runs.iter().sum();
        let mut offset = 0;
        for ((run, x), table) in self.runs.into_iter().zip(x).zip(&weights.tables) {
            let part = Part {
                run,
                offset,
                stride,
            };
            part.place(x, Some(Table::of(table)), y);
            offset += run;
        }
    }
}

impl<const N: usize> Int8Layer for Concatenate<N> {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::Concatenate { runs: &self.runs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn runs_lie_side_by_side() {
        let mut y = [f32::NAN; 6];
        let x = [&[1.0, 2.0, 4.0, 5.0][..], &[3.0, 6.0]];
        Concatenate::new([2, 1]).forward(&(), x, &mut y, ());
        assert_eq!(y, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_merge(&Concatenate::new([3, 1]), [6, 2], 8).unwrap();
        check_merge(&Concatenate::new([1, 4, 2]), [3, 12, 6], 21).unwrap();
    }

    #[test]
    fn an_input_that_nothing_learns_before_is_passed_over() {
        let mut second = [f32::NAN; 2];
        let pass = Pass {
            x: [&[0.0; 2][..]; 2],
            y: &[0.0; 4][..],
            saved: (),
            dy: &mut [1.0, 2.0, 3.0, 4.0][..],
            dx: [None, Some(&mut second[..])],
            accumulate: false,
        };
        Concatenate::new([1, 1]).backward(&(), pass, Gradient::none());
        assert_eq!(second, [2.0, 4.0]);
    }
}
