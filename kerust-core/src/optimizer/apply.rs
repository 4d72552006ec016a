//! One step of an optimizer over all weights: which values move, clipping, decay, threads.

use super::{Clip, MAX_SLOTS, Moment, Optimizer, Piece, Slots};
use crate::layer::Layout;
use std::ops::Range;

/// Values below which a second thread costs more than it saves.
const PARALLEL: usize = 1 << 15;
/// Values that one call of [`Optimizer::update`] sees: four buffers of them fit into 256 KiB.
const CHUNK: usize = 1 << 14;

/// What an optimizer knows of a model: where trainable values lie, slots, and the steps done.
pub(crate) struct Applied {
    /// The steps done.
    pub(crate) step: u64,
    /// A buffer as long as the weights for each of [`Optimizer::slots`].
    pub(crate) slots: Vec<Vec<f32>>,
    tensors: Vec<Range<usize>>,
    stretches: Vec<Range<usize>>,
}

impl Applied {
    pub(crate) fn new(optimizer: &dyn Optimizer, layout: &Layout) -> Self {
        let mut tensors = Vec::new();
        trainable(layout, 0, true, &mut tensors);
        let names = optimizer.slots();
        assert!(
            names.len() <= MAX_SLOTS,
            "`{}` has {} slots, expected at most {MAX_SLOTS}",
            optimizer.name(),
            names.len()
        );
        Self {
            step: 0,
            slots: names.iter().map(|_| vec![0.0; layout.len()]).collect(),
            stretches: merged(&tensors),
            tensors,
        }
    }

    /// Moves the trainable weights. The gradient is scratch afterwards; what of it is no gradient
    /// (state that a step observed) is left as it is.
    pub(crate) fn step(
        &mut self,
        optimizer: &dyn Optimizer,
        weights: &mut [f32],
        gradient: &mut [f32],
    ) {
        let settings = optimizer.settings();
        let moment = Moment {
            step: self.step,
            learning_rate: settings.learning_rate.at(self.step),
        };
        let mut rule = Rule {
            optimizer,
            moment,
            decay: settings.weight_decay.map(|decay| decay as f32),
            scale: Scale::None,
        };
        let clip = settings.clip.in_force();
        let ranges = match clip {
            Clip::Norm(_) => &self.tensors,
            _ => &self.stretches,
        };
        if let Clip::GlobalNorm(limit) = clip {
            let squares = ranges.iter().map(|range| squares(&gradient[range.clone()]));
            rule.scale = Scale::global(limit as f32, squares.sum::<f64>().sqrt() as f32);
        }
        if let Clip::Value(limit) = clip {
            rule.scale = Scale::Limit(limit as f32);
        }
        for range in ranges {
            let gradient = &mut gradient[range.clone()];
            if let Clip::Norm(limit) = clip {
                let norm = squares(gradient).sqrt() as f32;
                rule.scale = Scale::Ratio(limit as f32, norm.max(limit as f32));
            }
            let mut slots = Slots::none();
            for (slot, buffer) in slots.buffers.iter_mut().zip(&mut self.slots) {
                *slot = &mut buffer[range.clone()];
            }
            rule.apply(&mut weights[range.clone()], gradient, slots);
        }
        self.step += 1;
    }
}

/// The ranges of the trainable tensors, in order.
fn trainable(layout: &Layout, start: usize, moved: bool, into: &mut Vec<Range<usize>>) {
    match layout {
        Layout::Tensor(..) if moved && !layout.is_empty() => into.push(start..start + layout.len()),
        Layout::Tensor(..) => {}
        Layout::Parts(parts) => {
            let mut start = start;
            for part in *parts {
                trainable(&part.layout, start, moved && part.trainable, into);
                start += part.layout.len();
            }
        }
    }
}

fn merged(ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => merged.push(range.clone()),
        }
    }
    merged
}

/// What is done to a stretch of the weights.
struct Rule<'a> {
    optimizer: &'a dyn Optimizer,
    moment: Moment,
    decay: Option<f32>,
    scale: Scale,
}

/// What is done to a gradient before it is used.
#[derive(Clone, Copy)]
enum Scale {
    None,
    /// `g · a / b`
    Ratio(f32, f32),
    /// `g · a`
    Factor(f32),
    /// `g`, between `-a` and `a`
    Limit(f32),
}

impl Scale {
    /// Keras's `clip_by_global_norm`: NaN when the norm is not finite.
    fn global(limit: f32, norm: f32) -> Self {
        Self::Factor(match norm.is_finite() {
            true => limit * (1.0 / norm).min(1.0 / limit),
            false => f32::NAN,
        })
    }

    fn apply(self, gradient: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Ratio(a, b) => gradient.iter_mut().for_each(|g| *g = *g * a / b),
            Self::Factor(a) => gradient.iter_mut().for_each(|g| *g *= a),
            Self::Limit(a) => gradient.iter_mut().for_each(|g| *g = g.clamp(-a, a)),
        }
    }
}

impl Rule<'_> {
    fn apply(&self, weights: &mut [f32], gradient: &mut [f32], slots: Slots<'_>) {
        let len = weights.len();
        if len <= CHUNK {
            return self.chunk(weights, gradient, slots);
        }
        let middle = (len / 2).next_multiple_of(CHUNK).min(len - 1);
        let (low_weights, high_weights) = weights.split_at_mut(middle);
        let (low_gradient, high_gradient) = gradient.split_at_mut(middle);
        let (low_slots, high_slots) = slots.split_at(middle);
        let low = || self.apply(low_weights, low_gradient, low_slots);
        let high = || self.apply(high_weights, high_gradient, high_slots);
        if len < PARALLEL {
            low();
            high();
        } else {
            rayon::join(low, high);
        }
    }

    fn chunk(&self, weights: &mut [f32], gradient: &mut [f32], slots: Slots<'_>) {
        self.scale.apply(gradient);
        if let Some(decay) = self.decay {
            for w in weights.iter_mut() {
                *w -= *w * decay * self.moment.learning_rate;
            }
        }
        let piece = Piece {
            weights,
            gradient,
            slots,
        };
        self.optimizer.update(self.moment, piece);
    }
}

/// The sum of the squares, in an order that depends on the length alone.
fn squares(values: &[f32]) -> f64 {
    const LANES: usize = 16;
    let len = values.len();
    if len > CHUNK {
        let (low, high) = values.split_at((len / 2).next_multiple_of(CHUNK).min(len - 1));
        let (low, high) = if len < PARALLEL {
            (squares(low), squares(high))
        } else {
            rayon::join(|| squares(low), || squares(high))
        };
        return low + high;
    }
    let mut sums = [0.0f32; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value * value;
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += value * value;
    }
    sums.iter().map(|sum| f64::from(*sum)).sum()
}
