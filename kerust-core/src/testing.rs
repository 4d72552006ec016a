//! Checks of gradients by finite differences.
//!
//! The scalar `L = Σ y·dy` for a random `dy` is differentiated by the layer's backward pass and by
//! central differences.

mod loss;

pub use loss::{LossGap, check_loss};

use crate::layer::{Custom, Layer, LayerData, Layout, Merge, Operation, Pass};
use crate::rng::{Seed, Step};
use crate::tensor::Shape;
use rand::RngExt;

/// Where a layer's gradient is not the one that finite differences give.
#[derive(Clone, PartialEq, Debug)]
pub struct GradientGap {
    /// `input` or `weights`.
    pub of: &'static str,
    /// The place in the flat buffer.
    pub place: usize,
    /// What the backward pass gave.
    pub found: f32,
    /// What finite differences give.
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
/// The steps of the differences: a kink within the first, such as a ReLU's at 0, mostly lies
/// outside of the second.
const STEPS: [f32; 2] = [1e-2, 1e-3];
/// The relative gap that rounding and curvature may make.
const TOLERANCE: f32 = 2e-2;

/// Checks the gradients of a layer of one's own.
///
/// # Errors
/// The first place where the backward pass and finite differences disagree.
pub fn check_gradients<L: Layer>(seed: Seed) -> Result<(), GradientGap> {
    check::<L>(&Custom, L::Input::LEN, L::Output::LEN, 0, seed)
}

/// Checks the gradients of a layer of the catalogue, which takes `input` values a sample to
/// `output`, and saves `saved` in between.
///
/// # Errors
/// The first place where the backward pass and finite differences disagree.
pub fn check_operation<W: LayerData>(
    operation: &impl Operation<W>,
    input: usize,
    output: usize,
    saved: usize,
) -> Result<(), GradientGap> {
    check(operation, input, output, saved, Seed(1))
}

/// Checks that a layer over a last axis of `features` gives the same bits in place.
#[cfg(test)]
pub(crate) fn check_in_place<W>(
    operation: &impl crate::layer::InPlace<W>,
    weights: &W,
    features: usize,
) {
    let mut rng = Seed(1).rng();
    let x: Vec<f32> = (0..97 * features)
        .map(|_| rng.random_range(-1.0f32..1.0))
        .collect();
    let mut y = vec![f32::NAN; x.len()];
    operation.forward(weights, &x, &mut y);
    let mut in_place = x;
    operation.forward_in_place(weights, &mut in_place);
    let bits = |values: &[f32]| {
        values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(&in_place), bits(&y));
}

/// Checks the gradients of a layer that joins inputs of `inputs` values a sample into `output`.
///
/// # Errors
/// The first place where the backward pass and finite differences disagree.
pub fn check_merge(merge: &impl Merge, inputs: &[usize], output: usize) -> Result<(), GradientGap> {
    let mut rng = Seed(1).rng();
    let mut random =
        |len: usize| -> Vec<f32> { (0..len).map(|_| rng.random_range(-1.0f32..1.0)).collect() };
    let mut x: Vec<_> = inputs.iter().map(|len| random(BATCH * len)).collect();
    let upstream = random(BATCH * output);
    let mut y = vec![0.0; upstream.len()];
    let mut forward = |x: &[Vec<f32>]| -> Vec<f32> {
        y.fill(f32::NAN);
        merge.forward(&x.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut y);
        y.clone()
    };
    let at = forward(&x);
    let mut dx: Vec<_> = x.iter().map(|x| vec![f32::NAN; x.len()]).collect();
    merge.backward(
        &x.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        &at,
        &mut upstream.clone(),
        &mut dx
            .iter_mut()
            .map(|dx| Some(&mut dx[..]))
            .collect::<Vec<_>>(),
    );
    let mut loss = |x: &[Vec<f32>]| -> f64 {
        let y = forward(x);
        let products = y.iter().zip(&upstream);
        products.map(|(y, dy)| f64::from(*y) * f64::from(*dy)).sum()
    };
    for (input, dx) in dx.iter().enumerate() {
        for place in 0..dx.len() {
            let before = x[input][place];
            compare("input", place, dx[place], |step| {
                x[input][place] = before + step;
                let above = loss(&x);
                x[input][place] = before - step;
                let below = loss(&x);
                x[input][place] = before;
                above - below
            })?;
        }
    }
    Ok(())
}

fn check<W: LayerData>(
    operation: &impl Operation<W>,
    input: usize,
    output: usize,
    saved: usize,
    seed: Seed,
) -> Result<(), GradientGap> {
    let mut rng = seed.rng();
    let mut random = |len: usize| -> Vec<f32> {
        (0..len)
            .map(|_| rng.random_range(-1.0f32..1.0))
            .collect::<Vec<_>>()
    };
    let (mut x, upstream) = (random(BATCH * input), random(BATCH * output));
    let mut weights = W::zeroed();
    operation.init(&mut weights, &mut seed.rng());
    let noise = random(W::LAYOUT.len());
    for (weight, noise) in weights.as_mut_slice().iter_mut().zip(noise) {
        *weight += 0.1 * noise;
    }

    let random = Step { seed, number: 0 }.layer(0);
    let (mut y, mut saved) = (vec![0.0; BATCH * output], vec![0.0; BATCH * saved]);
    operation.forward_training(&weights, &x, &mut y, &mut saved, random);
    let mut gradient = W::zeroed();
    let (mut dx, mut dy) = (vec![f32::NAN; x.len()], upstream.clone());
    let pass = Pass {
        x: &x,
        y: &y,
        saved: &saved,
        dy: &mut dy,
        dx: Some(&mut dx),
        accumulate: false,
    };
    operation.backward(&weights, pass, &mut gradient);

    let mut loss = |weights: &W, x: &[f32]| -> f64 {
        operation.forward_training(weights, x, &mut y, &mut saved, random);
        let products = y.iter().zip(&upstream);
        products.map(|(y, dy)| f64::from(*y) * f64::from(*dy)).sum()
    };
    for place in 0..x.len() {
        let before = x[place];
        compare("input", place, dx[place], |step| {
            x[place] = before + step;
            let above = loss(&weights, &x);
            x[place] = before - step;
            let below = loss(&weights, &x);
            x[place] = before;
            above - below
        })?;
    }
    let mut trainable = Vec::new();
    push_trainable(&W::LAYOUT, true, &mut trainable);
    // In a gradient, state's place carries what the step observed.
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

/// Pushes for each value of a layer whether an optimizer moves it.
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

/// `difference` is how much the loss differs from a step below to a step above.
fn compare(
    of: &'static str,
    place: usize,
    found: f32,
    mut difference: impl FnMut(f32) -> f64,
) -> Result<(), GradientGap> {
    let mut expected = 0.0;
    for step in STEPS {
        expected = (difference(step) / f64::from(2.0 * step)) as f32;
        // Written so that NaN is a gap.
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
