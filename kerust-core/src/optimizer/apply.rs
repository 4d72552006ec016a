//! One optimizer step over all weights: trainable values, clipping, weight decay, threads.

use super::slots::Slot;
use super::tensors::{self, Trainable};
use super::{Clip, MAX_SLOTS, Optimizer, Piece, Scope, Settings, Slots, StepInfo, TensorInfo};
use crate::gradient::Frozen;
use crate::layer::Layout;
use crate::model::Setting;
use std::ops::Range;

/// Below this number of values, a second thread costs more than it saves.
const PARALLEL: usize = 1 << 15;
/// The number of values for one call of [`Optimizer::update`]: four buffers of this length fit in 256 KiB.
const CHUNK: usize = 1 << 14;

/// The state of an optimizer for a model: the places of the trainable values, the slots, and the step count.
pub(crate) struct Applied {
    /// The number of steps done.
    pub(crate) step: u64,
    /// The slots of [`Optimizer::slots`], followed by the slots that exist for every optimizer.
    pub(crate) slots: Vec<Slot>,
    /// The index in `slots` of the sum of the gradients since the last update of the weights.
    accumulator: Option<usize>,
    /// The index in `slots` of the averages of the weights.
    averages: Option<usize>,
    /// Whether the weights are in that slot, and the averages in the model.
    is_swapped: bool,
    pub(crate) tensors: Vec<Trainable>,
    /// Whether weight decay applies, for each tensor.
    decays: Vec<bool>,
    /// The ranges of the gradient that are frozen at run time, sorted and not touching.
    frozen: Vec<Range<usize>>,
    /// The tensors that are updated, each by itself.
    moving: Vec<Stretch>,
    /// The tensors that are updated, with neighbours merged.
    merged: Vec<Stretch>,
}

/// A range of values that are contiguous in the weights, in the gradient and in the slots.
struct Stretch {
    /// The indices of the tensors.
    tensors: Range<usize>,
    weights: Range<usize>,
    gradient: Range<usize>,
    decays: bool,
}

impl Applied {
    pub(crate) fn new(optimizer: &dyn Optimizer, layout: &Layout, settings: &[Setting]) -> Self {
        let tensors = tensors::trainable(layout, settings);
        for tensor in &tensors {
            let axis = tensor
                .constraint
                .and_then(|it| it.missing_axis(tensor.sizes));
            if let Some(axis) = axis {
                let (name, sizes) = (&tensor.name, tensor.sizes);
                panic!(
                    "the constraint of `{name}` has axis {axis}, expected an axis of the shape {sizes:?}"
                );
            }
        }
        let names = optimizer.slots();
        assert!(
            names.len() <= MAX_SLOTS,
            "`{}` has {} slots, expected at most {MAX_SLOTS}",
            optimizer.name(),
            names.len()
        );
        let settings = optimizer.settings();
        let own = 0..names.len();
        let mut slots: Vec<Slot> = own
            .map(|number| Slot::of_optimizer(optimizer, number, &tensors))
            .collect();
        let mut more = |is_kept: bool, name| {
            is_kept.then(|| {
                slots.push(Slot::whole(name, &tensors));
                slots.len() - 1
            })
        };
        let accumulator = more(
            settings.gradient_accumulation_steps > 1,
            "gradient_accumulator",
        );
        let averages = more(settings.use_ema, "average");
        let mut applied = Self {
            step: 0,
            slots,
            accumulator,
            averages,
            is_swapped: false,
            decays: tensors::decays(&tensors, &settings.exclude_from_weight_decay),
            tensors,
            frozen: Vec::new(),
            moving: Vec::new(),
            merged: Vec::new(),
        };
        applied.freeze(Vec::new());
        applied
    }

    /// The ranges that are frozen at run time.
    pub(crate) fn frozen(&self) -> &[Range<usize>] {
        &self.frozen
    }

    /// Freezes these ranges of the gradient, and unfreezes all others.
    pub(crate) fn freeze(&mut self, frozen: Vec<Range<usize>>) {
        self.frozen = frozen;
        self.moving = self.stretches(false);
        self.merged = self.stretches(true);
    }

    /// The total penalty of the regularizers. Their derivatives are added to the gradient if it is given.
    pub(crate) fn penalty(&self, weights: &[f32], mut gradient: Option<&mut [f32]>) -> f64 {
        let frozen = Frozen(&self.frozen);
        let mut penalty = 0.0;
        for tensor in &self.tensors {
            let Some(regularizer) = tensor.regularizer else {
                continue;
            };
            let weights = &weights[tensor.weights.clone()];
            penalty += regularizer.penalty(weights, tensor.sizes);
            let range = tensor.in_gradient();
            if let Some(gradient) = &mut gradient
                && !frozen.covers(&range)
            {
                regularizer.add_derivative(weights, tensor.sizes, &mut gradient[range]);
            }
        }
        penalty
    }

    /// Updates the trainable weights that are not frozen. The gradient holds arbitrary values afterwards,
    /// except for the state that a step observed, which is kept.
    pub(crate) fn step(
        &mut self,
        optimizer: &dyn Optimizer,
        weights: &mut [f32],
        gradient: &mut [f32],
    ) {
        let settings = optimizer.settings();
        if self.accumulate(settings, gradient) {
            self.update(optimizer, weights, gradient);
        }
        self.average(settings, weights);
        let frozen = Frozen(&self.frozen);
        for tensor in &self.tensors {
            if let Some(constraint) = tensor.constraint
                && !frozen.covers(&tensor.in_gradient())
            {
                constraint.apply(&mut weights[tensor.weights.clone()], tensor.sizes);
            }
        }
        self.step += 1;
    }

    /// Whether the weights are updated in this step. If so, the gradient becomes the mean of the gradients
    /// since the last update.
    fn accumulate(&mut self, settings: &Settings, gradient: &mut [f32]) -> bool {
        let Some(accumulator) = self.accumulator else {
            return true;
        };
        let steps = settings.gradient_accumulation_steps;
        let moves = (self.step + 1).is_multiple_of(steps);
        let frozen = Frozen(&self.frozen);
        for (number, tensor) in self.tensors.iter().enumerate() {
            if frozen.covers(&tensor.in_gradient()) {
                continue;
            }
            let sums = self.slots[accumulator].of(number);
            let pairs = sums.iter_mut().zip(&mut gradient[tensor.in_gradient()]);
            for (sum, g) in pairs {
                if moves {
                    *g = (*g + *sum) / steps as f32;
                    *sum = 0.0;
                } else {
                    *sum += *g;
                }
            }
        }
        moves
    }

    /// Updates the averages of the weights, if they are enabled.
    fn average(&mut self, settings: &Settings, weights: &mut [f32]) {
        let Some(averages) = self.averages else {
            return;
        };
        let time = self.step / settings.gradient_accumulation_steps;
        let momentum = match time {
            0 => 0.0,
            _ => settings.ema_momentum as f32,
        };
        for (number, tensor) in self.tensors.iter().enumerate() {
            let pairs = self.slots[averages].of(number).iter_mut();
            for (average, w) in pairs.zip(&weights[tensor.weights.clone()]) {
                *average = momentum * *average + (1.0 - momentum) * w;
            }
        }
        let frequency = settings.ema_overwrite_frequency;
        if frequency.is_some_and(|frequency| (time + 1).is_multiple_of(frequency)) {
            self.overwrite(weights);
        }
    }

    /// Replaces the weights by their averages, if averages are enabled and there has been a step. Weights
    /// that were swapped out before are discarded.
    pub(crate) fn overwrite(&mut self, weights: &mut [f32]) {
        match self.is_swapped {
            true => self.with_averages(|average, w| *average = *w, weights),
            false => self.with_averages(|average, w| *w = *average, weights),
        }
        self.is_swapped = false;
    }

    /// Swaps the weights and their averages, if averages are enabled and there has been a step.
    pub(crate) fn swap(&mut self, weights: &mut [f32]) {
        self.is_swapped ^= self.averages.is_some() && self.step > 0;
        self.with_averages(std::mem::swap, weights);
    }

    /// Whether the averages are currently in the model.
    pub(crate) fn is_swapped(&self) -> bool {
        self.is_swapped
    }

    /// Sets where the averages are, for a restored state.
    pub(crate) fn set_swapped(&mut self, is_swapped: bool) {
        self.is_swapped = is_swapped;
    }

    /// Whether averages of the weights are enabled.
    pub(crate) fn has_averages(&self) -> bool {
        self.averages.is_some()
    }

    fn with_averages(&mut self, each: impl Fn(&mut f32, &mut f32), weights: &mut [f32]) {
        let Some(averages) = self.averages else {
            return;
        };
        if self.step == 0 {
            return;
        }
        for (number, tensor) in self.tensors.iter().enumerate() {
            let pairs = self.slots[averages].of(number).iter_mut();
            let pairs = pairs.zip(&mut weights[tensor.weights.clone()]);
            pairs.for_each(|(average, w)| each(average, w));
        }
    }

    /// Updates the trainable weights that are not frozen.
    fn update(&mut self, optimizer: &dyn Optimizer, weights: &mut [f32], gradient: &mut [f32]) {
        let settings = optimizer.settings();
        let info = StepInfo {
            // As in Keras, a schedule counts all steps, but the update rule only those that update the
            // weights.
            step: self.step / settings.gradient_accumulation_steps,
            learning_rate: settings.learning_rate.at(self.step),
        };
        let mut rule = Rule {
            optimizer,
            info,
            decay: None,
            scale: Scale::None,
        };
        let clip = settings.clip.in_force();
        let is_whole = optimizer.scope() == Scope::Tensor;
        let stretches = match clip {
            Clip::Norm(_) => &self.moving,
            _ if is_whole => &self.moving,
            _ => &self.merged,
        };
        if let Clip::GlobalNorm(limit) = clip {
            let squares = stretches
                .iter()
                .map(|it| squares(&gradient[it.gradient.clone()]));
            rule.scale = Scale::global(limit as f32, squares.sum::<f64>().sqrt() as f32);
        }
        if let Clip::Value(limit) = clip {
            rule.scale = Scale::Limit(limit as f32);
        }
        for stretch in stretches {
            let gradient = &mut gradient[stretch.gradient.clone()];
            if let Clip::Norm(limit) = clip {
                let norm = squares(gradient).sqrt() as f32;
                rule.scale = Scale::Ratio(limit as f32, norm.max(limit as f32));
            }
            let mut slots = Slots::none();
            for (slot, buffer) in slots.buffers.iter_mut().zip(&mut self.slots) {
                let place = buffer.place(&stretch.tensors);
                *slot = &mut buffer.values[place];
            }
            let tensor = is_whole.then(|| self.tensors[stretch.tensors.start].info());
            let decay = match tensor {
                Some(tensor) => optimizer.weight_decay_of(tensor),
                None => settings.weight_decay,
            };
            rule.decay = decay.filter(|_| stretch.decays).map(|decay| decay as f32);
            let weights = &mut weights[stretch.weights.clone()];
            match tensor {
                Some(_) => rule.chunk(weights, gradient, slots, tensor),
                None => rule.apply(weights, gradient, slots),
            }
        }
    }

    /// The ranges that are not frozen: one for each tensor, or as long as possible with `merge`.
    fn stretches(&self, merge: bool) -> Vec<Stretch> {
        let frozen = Frozen(&self.frozen);
        let mut stretches: Vec<Stretch> = Vec::new();
        for (number, tensor) in self.tensors.iter().enumerate() {
            let gradient = tensor.in_gradient();
            let decays = self.decays[number];
            if frozen.covers(&gradient) {
                continue;
            }
            match stretches.last_mut() {
                Some(last)
                    if merge
                        && last.weights.end == tensor.weights.start
                        && last.gradient.end == gradient.start
                        && last.tensors.end == number
                        && last.decays == decays =>
                {
                    last.weights.end = tensor.weights.end;
                    last.gradient.end = gradient.end;
                    last.tensors.end = number + 1;
                }
                _ => stretches.push(Stretch {
                    tensors: number..number + 1,
                    weights: tensor.weights.clone(),
                    gradient,
                    decays,
                }),
            }
        }
        stretches
    }

    /// Sets the slots of the tensors in these ranges of the gradient to 0, for training that starts anew. The
    /// averages of their weights are kept.
    pub(crate) fn clear_slots(&mut self, places: &Range<usize>) {
        for (number, tensor) in self.tensors.iter().enumerate() {
            let range = tensor.in_gradient();
            if places.start <= range.start && range.end <= places.end {
                let slots = self.slots.iter_mut().enumerate();
                let slots = slots.filter(|(place, _)| Some(*place) != self.averages);
                slots.for_each(|(_, slot)| slot.of(number).fill(0.0));
            }
        }
    }
}

/// The update of a range of the weights.
struct Rule<'a> {
    optimizer: &'a dyn Optimizer,
    info: StepInfo,
    decay: Option<f32>,
    scale: Scale,
}

/// How a gradient is scaled before it is used.
#[derive(Clone, Copy)]
enum Scale {
    None,
    /// `g · a / b`
    Ratio(f32, f32),
    /// `g · a`
    Factor(f32),
    /// `g`, clipped to the range from `-a` to `a`
    Limit(f32),
}

impl Scale {
    /// As Keras's `clip_by_global_norm`: NaN if the norm is not finite.
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
            return self.chunk(weights, gradient, slots, None);
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

    fn chunk<'a>(
        &self,
        weights: &'a mut [f32],
        gradient: &'a mut [f32],
        slots: Slots<'a>,
        tensor: Option<TensorInfo<'a>>,
    ) {
        self.scale.apply(gradient);
        if let Some(decay) = self.decay {
            for w in weights.iter_mut() {
                *w -= *w * decay * self.info.learning_rate;
            }
        }
        let piece = Piece {
            weights,
            gradient,
            slots,
            tensor,
        };
        self.optimizer.update(self.info, piece);
    }
}

/// The sum of the squares, added in an order that depends only on the length.
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
