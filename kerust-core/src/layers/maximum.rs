//! Maximum of several inputs.

use super::mask::MaskedSteps;
use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, Operation, Pass};

/// Takes the maximum of inputs of the same shape, value by value.
///
/// `y = max(x₀, x₁, ..)`. Among equal values the first one takes the gradient, as in Keras on TensorFlow.
///
/// # Shapes
/// inputs and output alike
///
/// # Cost
/// a comparison for each value of each input after the first; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net {
///         let x = Input(8);
///         let a = x => Dense(16, relu);
///         let b = x => Dense(16, tanh);
///         Maximum(a, b) => Dense(3)
///     }
/// }
/// assert_eq!(Net::PARAMS, 2 * 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Maximum;

impl Maximum {
    /// The layer; it has no configuration.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self
    }
}

impl<const N: usize> Forward<(), [f32; N]> for Maximum {
    fn forward(&self, (): &(), x: [&[f32]; N], y: &mut [f32], (): ()) {
        let Some((first, rest)) = x.split_first() else {
            return y.fill(f32::NEG_INFINITY);
        };
        kernels::copy(first, y);
        rest.iter().for_each(|x| raise(y, x));
    }
}

impl<const N: usize> Operation<(), [f32; N]> for Maximum {
    fn backward(&self, (): &(), pass: Pass<'_, [f32; N]>, _: Gradient<'_>) {
        to_first_peak(pass);
    }
}

/// `y = max(y, x)`. NaN stays, and of equals the first: their zeros may have different signs.
fn raise(y: &mut [f32], x: &[f32]) {
    let pairs = y.iter_mut().zip(x);
    pairs.for_each(|(y, x)| *y = if *x > *y || x.is_nan() { *x } else { *y });
}

/// [`Maximum`] of sequences with masks, as in Keras: what a mask leaves out is ignored; where all do, the first input is taken.
#[derive(Clone, Copy, Debug)]
pub struct MaskedMaximum;

impl<const N: usize> Forward<(), ([f32; N], [u8; N])> for MaskedMaximum {
    fn forward(&self, (): &(), (x, masks): ([&[f32]; N], [&[u8]; N]), y: &mut [f32], (): ()) {
        of_counted(&MaskedSteps::new(x, masks), y, raise);
    }
}

impl<const N: usize> Operation<(), ([f32; N], [u8; N])> for MaskedMaximum {
    fn backward(&self, (): &(), pass: Pass<'_, ([f32; N], [u8; N])>, _: Gradient<'_>) {
        to_first_counted_peak(pass);
    }
}

/// Takes the first input whose step counts, and `take`s the others that count.
pub(super) fn of_counted<const N: usize>(
    steps: &MaskedSteps<'_, N>,
    y: &mut [f32],
    take: impl Fn(&mut [f32], &[f32]),
) {
    for (step, y) in y.chunks_exact_mut(steps.width()).enumerate() {
        let mut counted = (0..N).filter(|input| steps.counts(*input, step));
        kernels::copy(steps.step(counted.next().unwrap_or(0), step), y);
        counted.for_each(|input| take(y, steps.step(input, step)));
    }
}

/// [`to_first_peak`] among the inputs whose step counts; where none counts, the first input takes the gradient.
pub(super) fn to_first_counted_peak<const N: usize>(pass: Pass<'_, ([f32; N], [u8; N])>) {
    let (y, dy) = (pass.y, pass.dy);
    let steps = MaskedSteps::new(pass.x.0, pass.x.1);
    let width = steps.width();
    for (input, mut dx) in pass.dx.0.into_iter().enumerate() {
        for step in 0..y.len() / width {
            let range = step * width..(step + 1) * width;
            let takes = match steps.counts_in_any(step) {
                true => steps.counts(input, step),
                false => input == 0,
            };
            let x = steps.step(input, step);
            for (place, (x, y)) in range.zip(x.iter().zip(&y[step * width..])) {
                let is_peak = takes && x == y;
                if let Some(dx) = &mut dx {
                    dx[place] = if is_peak { dy[place] } else { 0.0 };
                }
                if is_peak {
                    // Once given away, nothing is left for the inputs after it.
                    dy[place] = 0.0;
                }
            }
        }
    }
}

/// Gives `dy` to the first input that equals the output, and 0 to the others.
pub(super) fn to_first_peak<const N: usize>(pass: Pass<'_, [f32; N]>) {
    let (y, dy) = (pass.y, pass.dy);
    for (x, dx) in pass.x.into_iter().zip(pass.dx) {
        if let Some(dx) = dx {
            let pairs = dx.iter_mut().zip(&*dy);
            let terms = pairs.zip(x.iter().zip(y));
            terms.for_each(|((dx, dy), (x, y))| *dx = if x == y { *dy } else { 0.0 });
        }
        // Once given away, nothing is left for the inputs after it.
        let terms = dy.iter_mut().zip(x.iter().zip(y));
        terms.for_each(|(dy, (x, y))| *dy = if x == y { 0.0 } else { *dy });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        check_merge(&Maximum::new(), [7, 7], 7).unwrap();
        check_merge(&Maximum::new(), [5, 5, 5], 5).unwrap();
    }

    #[test]
    fn of_equals_the_first_takes_the_gradient() {
        let x: [&[f32]; 3] = [&[5.0, 2.0], &[5.0, 5.0], &[5.0, 5.0]];
        let mut y = [f32::NAN; 2];
        Maximum::new().forward(&(), x, &mut y, ());
        let [mut first, mut second, mut third] = [[f32::NAN; 2]; 3];
        let pass = Pass {
            x,
            y: &y[..],
            saved: (),
            dy: &mut [1.0, 1.0][..],
            dx: [&mut first, &mut second, &mut third].map(|dx| Some(&mut dx[..])),
            accumulate: false,
        };
        Maximum::new().backward(&(), pass, Gradient::none());
        assert_eq!([first, second, third], [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]);
    }
}
