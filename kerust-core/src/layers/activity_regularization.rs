//! ActivityRegularization layer.

use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, Operation, Pass};
use crate::regularizer::Regularizer;
use crate::rng::LayerStep;
use crate::shape::{MAX_RANK, Shape};

/// Adds a penalty on its input to the loss.
///
/// `y = x`, and `(l1 · Σ|x| + l2 · Σx²) / batch size` is part of the loss, in training and in `evaluate`. A layer's
/// `activity_regularizer` does the same with its output.
///
/// # Arguments
/// - `l1 = 0`: the factor of the sum of absolute values.
/// - `l2 = 0`: the factor of the sum of squares.
///
/// # Shapes
/// output as input
///
/// # Cost
/// in training one pass over the values; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(8) => Dense(16, relu) => ActivityRegularization(l1 = 0.01) => Dense(3) }
/// assert_eq!(Net::PARAMS, 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ActivityRegularization {
    regularizer: Regularizer,
    shape: Shape,
    activation: Option<Activation>,
}

impl ActivityRegularization {
    /// A penalty on values of this shape.
    pub const fn new(regularizer: Regularizer, shape: Shape) -> Self {
        Self {
            regularizer,
            shape,
            activation: None,
        }
    }

    /// Sets an activation that is applied to the values before the penalty, but not to the output. A layer whose
    /// output is that of the model leaves its activation to the loss.
    ///
    /// The layer then saves two values for each value, else one for each sample.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.activation = Some(activation);
        self
    }

    /// Adds the penalty on a batch of `values` to the loss of the step.
    fn penalize(&self, values: &[f32], step: LayerStep<'_>) {
        let mut sizes = [0; MAX_RANK + 1];
        let sizes = self.sizes(values.len(), &mut sizes);
        step.add_penalty(self.regularizer.penalty(values, sizes) / step.batch_size() as f64);
    }

    /// The sizes of a batch with this number of values.
    fn sizes<'s>(&self, values: usize, sizes: &'s mut [usize; MAX_RANK + 1]) -> &'s [usize] {
        let dims = self.shape.dims();
        sizes[0] = values / self.shape.len().max(1);
        sizes[1..=dims.len()].copy_from_slice(dims);
        &sizes[..=dims.len()]
    }

    /// Writes the derivative of the penalty with respect to each value, times `factor`.
    fn derivative(&self, values: &[f32], factor: f32, dx: &mut [f32]) {
        let mut sizes = [0; MAX_RANK + 1];
        dx.fill(0.0);
        let sizes = self.sizes(values.len(), &mut sizes);
        self.regularizer.add_derivative(values, sizes, dx);
        dx.iter_mut().for_each(|dx| *dx *= factor);
    }
}

impl Forward<()> for ActivityRegularization {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for ActivityRegularization {
    fn forward_training(
        &self,
        (): &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let factor = 1.0 / step.batch_size() as f32;
        match self.activation {
            None => {
                self.penalize(x, step);
                saved.fill(factor);
            }
            Some(activation) => {
                // The gradient is computed here, where `y` is free for the activated values.
                let (gradient, derivative) = saved.split_at_mut(saved.len() / 2);
                let features = self.shape.last();
                kernels::activated(activation, x, y, features);
                self.penalize(y, step);
                self.derivative(y, factor, derivative);
                kernels::activated_gradient(activation, [x, y, derivative], gradient, features);
            }
        }
        y.copy_from_slice(x);
    }

    fn backward(&self, (): &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        match self.activation {
            None => {
                let factor = pass.saved.first().copied().unwrap_or_default();
                self.derivative(pass.x, factor, dx);
            }
            Some(_) => dx.copy_from_slice(&pass.saved[..dx.len()]),
        }
        dx.iter_mut().zip(pass.dy).for_each(|(dx, dy)| *dx += *dy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Observer, Seed, Step};
    use std::sync::Mutex;

    #[derive(Default)]
    struct Sum(Mutex<f64>);

    impl Observer for Sum {
        fn penalize(&self, penalty: f64) {
            *self.0.lock().unwrap() += penalty;
        }
    }

    const X: [f32; 6] = [0.7, -1.2, 0.1, 2.0, -0.3, 0.4];

    /// The penalty on two samples, and the gradient of the penalty alone.
    fn pass(layer: &ActivityRegularization, x: &[f32; 6], saved: usize) -> (f64, [f32; 6]) {
        let sum = Sum::default();
        let step = Step::new(Seed(1), 0)
            .over(0, 2)
            .of_batch(4)
            .observed_by(&sum);
        let (mut y, mut saved) = ([f32::NAN; 6], vec![f32::NAN; saved]);
        layer.forward_training(&(), x, &mut y, (), &mut saved, step.layer(0));
        assert_eq!(y, *x);
        let mut dx = [f32::NAN; 6];
        let pass = Pass {
            x: &x[..],
            y: &y[..],
            saved: &mut saved[..],
            dy: &mut [0.0; 6][..],
            dx: Some(&mut dx[..]),
            accumulate: false,
        };
        layer.backward(&(), pass, Gradient::none());
        let penalty = *sum.0.lock().unwrap();
        (penalty, dx)
    }

    #[test]
    fn gradients_of_the_penalty_match_finite_differences() {
        let regularizer = Regularizer::l1_l2(0.2, 0.3);
        let plain = ActivityRegularization::new(regularizer, Shape::new(&[3]));
        let mut layers = vec![(plain, 2)];
        for activation in [Activation::Softmax, Activation::Tanh, Activation::Gelu] {
            layers.push((plain.activation(activation), 12));
        }
        for (layer, saved) in layers {
            let (_, dx) = pass(&layer, &X, saved);
            for place in 0..6 {
                let ends = [-1e-3, 1e-3].map(|change| {
                    let mut x = X;
                    x[place] += change;
                    pass(&layer, &x, saved).0
                });
                let slope = (ends[1] - ends[0]) / 2e-3;
                assert!(
                    (f64::from(dx[place]) - slope).abs() < 1e-3,
                    "{layer:?}[{place}]"
                );
            }
        }
    }

    #[test]
    fn the_penalty_is_divided_by_the_size_of_the_whole_batch() {
        let layer = ActivityRegularization::new(Regularizer::l1(0.5), Shape::new(&[3]));
        let (penalty, _) = pass(&layer, &X, 2);
        assert!((penalty - 0.5 * 4.7 / 4.0).abs() < 1e-6, "{penalty}");
    }
}
