//! Normalization by numbers that are learnt from the data beforehand.

use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, InPlace, Operation, Pass, weights};
use crate::rng::{LayerStep, Rng};

/// Keras's `backend.epsilon()`: the least deviation that is divided by.
const EPSILON: f32 = 1e-7;

/// Normalizes each feature by numbers of the whole data set.
///
/// `y = (x − mean) / max(sqrt(variance), 1e-7)` along an axis, with a mean and a variance for each place on it; with
/// `invert` the other way round, `y = mean + x · max(sqrt(variance), 1e-7)`.
///
/// Numbers that are learnt are saved with the weights. No gradient reaches them, and the optimizer keeps nothing
/// for them.
///
/// # Arguments
/// - `axis = -1`: the axis of the features, counted as in Keras: the batch is axis 0.
/// - `mean`, `variance` (optional): the numbers, one for all features or one for each:
///   `mean = (0.5, 0.4), variance = (0.1, 0.2)`. If left out, `model.adapt(&data)` learns them before the training.
/// - `invert = false`: whether the normalization is undone.
///
/// # Shapes
/// output as input; mean and variance `[C]`, the size of the axis
///
/// # Cost
/// a subtraction and a division for each value; `8 * C` bytes of weights where the numbers are learnt.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(3) => Normalization => Dense(1) }
/// let data: Dataset<Rank1<3>, Rank1<1>> =
///     Dataset::from_arrays(&[[1.0, 10.0, 0.0], [3.0, 30.0, 1.0]], &[2.0, 4.0])?;
/// let mut net = Net::new(Seed(1));
/// net.adapt(&data)?;
/// assert_eq!(net.normalization.mean, [2.0, 20.0, 0.5]);
/// # Ok::<(), kerust::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Normalization {
    /// The values in turn that belong to one place of the axis.
    run: usize,
    invert: bool,
    given: Option<[&'static [f32]; 2]>,
}

weights! {
    /// The numbers of a [`Normalization`] that learns them, in Keras's order.
    pub struct NormalizationWeights<const C: usize> {}
    state {
        /// The mean of the data at each place of the axis.
        pub mean: [f32; C],
        /// The variance of the data at each place of the axis.
        pub variance: [f32; C],
    }
}

impl Normalization {
    /// A layer that learns its numbers: mean 0 and variance 1 at first. `run` values in turn belong to one place of
    /// the axis: 1 where it is the last one.
    pub const fn new(run: usize) -> Self {
        Self {
            run,
            invert: false,
            given: None,
        }
    }

    /// A layer of given numbers; as many means as variances.
    ///
    /// # Panics
    /// When there are none, or not as many of both.
    pub const fn given(run: usize, mean: &'static [f32], variance: &'static [f32]) -> Self {
        assert!(
            mean.len() == variance.len() && !mean.is_empty(),
            "expected as many means as variances"
        );
        Self {
            run,
            invert: false,
            given: Some([mean, variance]),
        }
    }

    /// Sets whether it undoes the normalization.
    pub const fn invert(mut self, invert: bool) -> Self {
        self.invert = invert;
        self
    }

    fn numbers(&self) -> Numbers<'static> {
        let [mean, variance] = self.given.unwrap_or_default();
        Numbers { mean, variance }
    }

    /// `y = f(y)`
    fn apply(&self, of: Numbers<'_>, y: &mut [f32]) {
        let invert = self.invert;
        self.each(of, y, move |y, mean, deviation| match invert {
            false => (y - mean) / deviation,
            true => mean + y * deviation,
        });
    }

    /// Turns the gradient of the output into that of the input.
    fn gradient(&self, of: Numbers<'_>, dy: &mut [f32]) {
        let invert = self.invert;
        self.each(of, dy, move |dy, _, deviation| match invert {
            false => dy / deviation,
            true => dy * deviation,
        });
    }

    /// Applies `value` to each value, its mean and its deviation.
    #[inline(always)]
    fn each(&self, of: Numbers<'_>, y: &mut [f32], value: impl Fn(f32, f32, f32) -> f32 + Copy) {
        let block = self.run * of.mean.len();
        if block == 0 {
            return;
        }
        for (place, (&mean, &variance)) in of.mean.iter().zip(of.variance).enumerate() {
            let deviation = kernels::sqrt(variance).max(EPSILON);
            let first = place * self.run;
            for block in y.chunks_mut(block) {
                let values = block.iter_mut().skip(first).take(self.run);
                values.for_each(|y| *y = value(*y, mean, deviation));
            }
        }
    }
}

/// A mean and a variance for each place of the axis.
#[derive(Clone, Copy)]
struct Numbers<'a> {
    mean: &'a [f32],
    variance: &'a [f32],
}

impl<const C: usize> NormalizationWeights<C> {
    fn numbers(&self) -> Numbers<'_> {
        Numbers {
            mean: &self.mean,
            variance: &self.variance,
        }
    }
}

/// What both ways to the numbers share.
macro_rules! operations {
    ($(<$(const $c:ident)?> $weights:ty, |$layer:ident, $of:ident| $numbers:expr, $($learns:ident)?;)+) => {$(
        impl<$(const $c: usize)?> Forward<$weights> for Normalization {
            fn forward(&self, weights: &$weights, x: &[f32], y: &mut [f32], (): ()) {
                y.copy_from_slice(x);
                self.forward_in_place(weights, y, (), ());
            }
        }

        impl<$(const $c: usize)?> InPlace<$weights> for Normalization {
            fn forward_in_place(&self, $of: &$weights, y: &mut [f32], (): (), (): ()) {
                let $layer = self;
                self.apply($numbers, y);
            }
        }

        impl<$(const $c: usize)?> Operation<$weights> for Normalization {
            $(fn init(&self, weights: &mut $weights, _rng: &mut Rng) {
                weights.variance.fill(1.0);
            }

            fn forward_training(
                &self,
                weights: &$weights,
                x: &[f32],
                y: &mut [f32],
                (): (),
                (): (),
                step: LayerStep<'_>,
            ) {
                if let Some(observer) = step.observer() {
                    let weights = crate::layer::LayerData::as_slice(weights);
                    observer.$learns(weights, x, C, self.run);
                }
                self.forward(weights, x, y, ());
            })?

            fn backward(&self, $of: &$weights, pass: Pass<'_>, _: Gradient<'_>) {
                let Some(dx) = pass.dx else { return };
                dx.copy_from_slice(pass.dy);
                let $layer = self;
                self.gradient($numbers, dx);
            }
        }
    )+};
}
operations! {
    <const C> NormalizationWeights<C>, |_layer, weights| weights.numbers(), see;
    <> (), |layer, _weights| layer.numbers(),;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerData;
    use crate::testing::{check_in_place, check_operation};

    fn weights<const C: usize>() -> NormalizationWeights<C> {
        NormalizationWeights {
            mean: core::array::from_fn(|i| i as f32 - 1.0),
            variance: core::array::from_fn(|i| (i * i) as f32),
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let [mean, variance] = [&[0.5, -1.0, 2.0], &[0.25, 4.0, 1.0]];
        for run in [1, 2, 17] {
            for invert in [false, true] {
                let layer = Normalization::given(run, mean, variance).invert(invert);
                check_operation::<(), _>(&layer, 3 * run, 3 * run, 0).unwrap();
            }
        }
    }

    #[test]
    fn the_input_may_be_overwritten() {
        for run in [1, 3] {
            check_in_place(&Normalization::new(run), &weights::<3>(), 3 * run);
        }
        check_in_place(&Normalization::given(5, &[1.0], &[9.0]), &(), 5);
    }

    #[test]
    fn values_are_normalized_along_the_axis() {
        let weights = NormalizationWeights {
            mean: [1.0, -1.0],
            variance: [4.0, 0.0],
        };
        let mut y = [f32::NAN; 8];
        let x = [1.0, 3.0, -1.0, -1.0, 5.0, -3.0, 0.0, -1.0];
        Normalization::new(2).forward(&weights, &x, &mut y, ());
        assert_eq!(y, [0.0, 1.0, 0.0, 0.0, 2.0, -2.0, 1e7, 0.0]);
        let mut back = [f32::NAN; 8];
        Normalization::new(2)
            .invert(true)
            .forward(&weights, &y, &mut back, ());
        assert_eq!(back, x);
    }

    #[test]
    fn its_numbers_are_state() {
        let crate::layer::Layout::Parts(parts) = NormalizationWeights::<3>::LAYOUT else {
            unreachable!()
        };
        assert!(parts.iter().all(|part| !part.trainable));
    }
}
