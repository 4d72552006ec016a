//! Gradient checks by finite differences.
//!
//! The scalar `L = Σ y·dy` for a random `dy` is differentiated by the layer's backward pass and by central
//! differences.

mod activation;
mod loss;
mod regularizer;

pub use activation::{ActivationGap, check_activation};
pub use loss::{LossGap, check_loss};
pub use regularizer::{RegularizerGap, check_regularizer};

use crate::element::Elements;
use crate::gradient::Gradient;
use crate::layer::{Layer, LayerData, Layout, Operation, Own, Pass};
use crate::rng::{Seed, Step};
use crate::tensor::{Floats, Tensors};
use rand::RngExt;

/// A gradient that differs from finite differences.
#[derive(Clone, PartialEq, Debug)]
pub struct GradientGap {
    /// `input` or `weights`.
    pub of: &'static str,
    /// The index in the flat buffer.
    pub place: usize,
    /// The result of the backward pass.
    pub found: f32,
    /// The result of finite differences.
    pub expected: f32,
}

impl core::fmt::Display for GradientGap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "the gradient of the {} at {} is {}, finite differences give {}",
            self.of, self.place, self.found, self.expected
        )
    }
}

impl core::error::Error for GradientGap {}

const BATCH: usize = 3;
/// The step sizes of the differences. A kink within the first step, such as that of a ReLU at 0, is usually
/// outside of the second.
const STEPS: [f32; 2] = [1e-2, 1e-3];
/// The relative difference that rounding and curvature may cause.
const TOLERANCE: f32 = 2e-2;

/// Checks the gradients of a custom layer.
///
/// # Errors
/// Returns the first position where the backward pass and finite differences disagree.
pub fn check_gradients<L: Layer>(seed: Seed) -> Result<(), GradientGap>
where
    L::Input: Floats,
{
    fn inputs<S: Floats>(values: &[Vec<f32>]) -> S::Batch {
        let mut batch = S::Batch::default();
        S::resize(&mut batch, BATCH);
        let parts = S::parts(S::slices_mut(&mut batch));
        parts
            .into_iter()
            .zip(values)
            .for_each(|(part, values)| part.copy_from_slice(values));
        batch
    }
    let mut x = L::Input::empty_parts(BATCH);
    let mut random = Random::new(seed);
    x.iter_mut().for_each(|values| random.fill(values));
    let check = Check {
        seed,
        x,
        y: L::Output::empty_parts(BATCH),
        forward: &|weights: &L, x, y| {
            let x = inputs::<L::Input>(x);
            let mut batch = inputs::<L::Output>(y);
            let slices = L::Output::slices_mut(&mut batch);
            Own.forward_training(
                weights,
                L::Input::slices(&x),
                slices,
                &mut [],
                &mut [],
                step(seed),
            );
            let parts = L::Output::parts(L::Output::slices_mut(&mut batch));
            y.iter_mut()
                .zip(parts)
                .for_each(|(y, part)| y.copy_from_slice(part));
        },
        backward: &|weights: &L, x, y, dy, dx, gradient| {
            let (x, y) = (inputs::<L::Input>(x), inputs::<L::Output>(y));
            let mut dy = inputs::<L::Output>(dy);
            let mut dx_batch = inputs::<L::Input>(dx);
            let pass = Pass {
                x: L::Input::slices(&x),
                y: L::Output::slices(&y),
                saved: &mut [][..],
                dy: L::Output::gradients(L::Output::slices_mut(&mut dy)),
                dx: L::Input::gradients_out(L::Input::slices_mut(&mut dx_batch)),
                accumulate: false,
            };
            Own.backward(weights, pass, Gradient::of_layer(gradient));
            let parts = L::Input::parts(L::Input::slices_mut(&mut dx_batch));
            dx.iter_mut()
                .zip(parts)
                .for_each(|(dx, part)| dx.copy_from_slice(part));
        },
        init: &|weights: &mut L| weights.init(&mut seed.rng()),
    };
    check.run()
}

/// The type of the values that a training step of a checked layer saves: none, or `f32`.
pub trait Saved: Elements {
    /// The buffer.
    fn buffer(values: &mut [f32]) -> Self::SlicesMut<'_>;
}

impl Saved for () {
    fn buffer(_: &mut [f32]) {}
}

impl Saved for f32 {
    fn buffer(values: &mut [f32]) -> &mut [f32] {
        values
    }
}

/// Checks the gradients of a built-in layer with `input` values per sample and `output` output values. A
/// training step saves `saved` values.
///
/// # Errors
/// Returns the first position where the backward pass and finite differences disagree.
pub fn check_operation<W: LayerData, V: Saved>(
    operation: &impl Operation<W, f32, f32, (), V>,
    input: usize,
    output: usize,
    saved: usize,
) -> Result<(), GradientGap> {
    let seed = Seed(1);
    let saved = std::cell::RefCell::new(vec![0.0; BATCH * saved]);
    Check {
        seed,
        x: Random::new(seed).vectors(&[BATCH * input]),
        y: vec![vec![0.0; BATCH * output]],
        forward: &|weights: &W, x, y| {
            let (mut saved, step) = (saved.borrow_mut(), step(seed));
            let saved = V::buffer(&mut saved);
            operation.forward_training(weights, &x[0], &mut y[0], (), saved, step);
        },
        backward: &|weights: &W, x, y, dy, dx, gradient| {
            let mut saved = saved.borrow_mut();
            let pass = Pass {
                x: &x[0][..],
                y: &y[0][..],
                saved: V::buffer(&mut saved),
                dy: &mut dy[0].clone()[..],
                dx: Some(&mut dx[0][..]),
                accumulate: false,
            };
            operation.backward(weights, pass, Gradient::of_layer(gradient));
        },
        init: &|weights: &mut W| operation.init(weights, &mut seed.rng()),
    }
    .run()
}

/// Like [`check_operation`], for a layer whose inference needs scratch, and whose training does not.
#[cfg(test)]
pub(crate) fn check_scratch_operation<W: LayerData>(
    operation: &impl Operation<W, f32, f32, f32, f32>,
    input: usize,
    output: usize,
    saved: usize,
) -> Result<(), GradientGap> {
    let seed = Seed(1);
    let saved = std::cell::RefCell::new(vec![0.0; BATCH * saved]);
    Check {
        seed,
        x: Random::new(seed).vectors(&[BATCH * input]),
        y: vec![vec![0.0; BATCH * output]],
        forward: &|weights: &W, x, y| {
            let (mut saved, step) = (saved.borrow_mut(), step(seed));
            operation.forward_training(weights, &x[0], &mut y[0], &mut [], &mut saved, step);
        },
        backward: &|weights: &W, x, y, dy, dx, gradient| {
            let mut saved = saved.borrow_mut();
            let pass = Pass {
                x: &x[0][..],
                y: &y[0][..],
                saved: &mut saved[..],
                dy: &mut dy[0].clone()[..],
                dx: Some(&mut dx[0][..]),
                accumulate: false,
            };
            operation.backward(weights, pass, Gradient::of_layer(gradient));
        },
        init: &|weights: &mut W| operation.init(weights, &mut seed.rng()),
    }
    .run()
}

/// Checks the gradients of a layer without weights that merges `N` inputs with `inputs` values per sample
/// into `output` values.
///
/// # Errors
/// Returns the first position where the backward pass and finite differences disagree.
pub fn check_merge<const N: usize>(
    operation: &impl Operation<(), [f32; N]>,
    inputs: [usize; N],
    output: usize,
) -> Result<(), GradientGap> {
    let seed = Seed(1);
    Check {
        seed,
        x: Random::new(seed).vectors(&inputs.map(|len| BATCH * len)),
        y: vec![vec![0.0; BATCH * output]],
        forward: &|weights: &(), x, y| {
            y[0].fill(f32::NAN);
            let x = std::array::from_fn(|input| &x[input][..]);
            operation.forward_training(weights, x, &mut y[0], (), (), step(seed));
        },
        backward: &|weights: &(), x, y, dy, dx, _| {
            let mut dx = dx.iter_mut();
            let pass = Pass {
                x: std::array::from_fn(|input| &x[input][..]),
                y: &y[0][..],
                saved: (),
                dy: &mut dy[0].clone()[..],
                dx: std::array::from_fn(|_| dx.next().map(|dx| &mut dx[..])),
                accumulate: false,
            };
            operation.backward(weights, pass, Gradient::none());
        },
        init: &|(): &mut ()| {},
    }
    .run()
}

/// Checks that a layer over a last axis of `features` gives exactly the same result in place.
#[cfg(test)]
pub(crate) fn check_in_place<W>(
    layer: &(impl crate::layer::InPlace<W> + crate::layer::Forward<W>),
    weights: &W,
    features: usize,
) {
    let x = Random::new(Seed(1)).vectors(&[97 * features]).remove(0);
    let mut y = vec![f32::NAN; x.len()];
    layer.forward(weights, &x, &mut y, ());
    let mut in_place = x;
    layer.forward_in_place(weights, &mut in_place, (), ());
    let bits = |values: &[f32]| {
        values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(&in_place), bits(&y));
}

/// A layer to check, with its inputs and buffers.
struct Check<'a, W> {
    seed: Seed,
    x: Vec<Vec<f32>>,
    y: Vec<Vec<f32>>,
    forward: &'a ForwardFn<'a, W>,
    backward: &'a BackwardFn<'a, W>,
    init: &'a dyn Fn(&mut W),
}

type ForwardFn<'a, W> = dyn Fn(&W, &[Vec<f32>], &mut [Vec<f32>]) + 'a;
type BackwardFn<'a, W> =
    dyn Fn(&W, &[Vec<f32>], &[Vec<f32>], &[Vec<f32>], &mut [Vec<f32>], &mut W) + 'a;

impl<W: LayerData> Check<'_, W> {
    fn run(mut self) -> Result<(), GradientGap> {
        let mut random = Random::new(Seed(self.seed.0 + 1));
        let lens: Vec<usize> = self.y.iter().map(Vec::len).collect();
        let upstream = random.vectors(&lens);
        let mut weights = W::zeroed();
        (self.init)(&mut weights);
        let noise = random.vectors(&[W::LAYOUT.len()]).remove(0);
        for (weight, noise) in weights.as_mut_slice().iter_mut().zip(noise) {
            *weight += 0.1 * noise;
        }
        (self.forward)(&weights, &self.x, &mut self.y);
        let mut gradient = W::zeroed();
        let mut dx: Vec<_> = self.x.iter().map(|x| vec![f32::NAN; x.len()]).collect();
        (self.backward)(
            &weights,
            &self.x,
            &self.y,
            &upstream,
            &mut dx,
            &mut gradient,
        );

        let (forward, mut y) = (self.forward, self.y.clone());
        let mut loss = |weights: &W, x: &[Vec<f32>]| -> f64 {
            forward(weights, x, &mut y);
            let products = y.iter().flatten().zip(upstream.iter().flatten());
            products.map(|(y, dy)| f64::from(*y) * f64::from(*dy)).sum()
        };
        let mut x = self.x;
        for (input, dx) in dx.iter().enumerate() {
            for place in 0..dx.len() {
                let before = x[input][place];
                compare("input", place, dx[place], |step| {
                    x[input][place] = before + step;
                    let above = loss(&weights, &x);
                    x[input][place] = before - step;
                    let below = loss(&weights, &x);
                    x[input][place] = before;
                    above - below
                })?;
            }
        }
        let mut trainable = Vec::new();
        push_trainable(&W::LAYOUT, true, &mut trainable);
        // In a gradient, the space of the state holds the observations of the step.
        let moved = trainable
            .into_iter()
            .enumerate()
            .filter(|(_, moved)| *moved);
        for (place, _) in moved {
            let before = weights.as_slice()[place];
            compare("weights", place, gradient.as_slice()[place], |step| {
                weights.as_mut_slice()[place] = before + step;
                let above = loss(&weights, &x);
                weights.as_mut_slice()[place] = before - step;
                let below = loss(&weights, &x);
                weights.as_mut_slice()[place] = before;
                above - below
            })?;
        }
        Ok(())
    }
}

fn step(seed: Seed) -> crate::rng::LayerStep<'static> {
    Step::new(seed, 0).over(0, BATCH).layer(0)
}

/// Random values between -1 and 1.
struct Random(crate::rng::Rng);

impl Random {
    fn new(seed: Seed) -> Self {
        Self(seed.rng())
    }

    fn fill(&mut self, values: &mut [f32]) {
        values
            .iter_mut()
            .for_each(|value| *value = self.0.random_range(-1.0f32..1.0));
    }

    fn vectors(&mut self, lens: &[usize]) -> Vec<Vec<f32>> {
        let mut vectors: Vec<_> = lens.iter().map(|len| vec![0.0; *len]).collect();
        vectors.iter_mut().for_each(|values| self.fill(values));
        vectors
    }
}

/// Appends for each value of a layer whether an optimizer updates it.
fn push_trainable(layout: &Layout, trainable: bool, into: &mut Vec<bool>) {
    match layout {
        Layout::Tensor(..) => into.resize(into.len() + layout.len(), trainable),
        Layout::Parts(parts) => {
            for part in *parts {
                push_trainable(&part.layout, trainable && part.trainable, into);
            }
        }
    }
}

/// `difference` is the difference of the loss between a step down and a step up.
fn compare(
    of: &'static str,
    place: usize,
    found: f32,
    mut difference: impl FnMut(f32) -> f64,
) -> Result<(), GradientGap> {
    let mut expected = 0.0;
    for step in STEPS {
        expected = (difference(step) / f64::from(2.0 * step)) as f32;
        // This form reports NaN as a difference.
        if (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs()) {
            return Ok(());
        }
    }
    Err(GradientGap {
        of,
        place,
        found,
        expected,
    })
}
