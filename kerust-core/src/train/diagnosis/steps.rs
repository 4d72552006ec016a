//! Hints from some steps of an epoch: gradients, updates and predictions.

use super::{HintKind, Watch, short};
use crate::layer::Layout;
use crate::model::{LayerInfo, Setting, Source};
use crate::optimizer::gradient_range;
use std::ops::Range;

/// The number of steps of an epoch that are checked.
const LOOKS: usize = 8;
/// The fraction of a layer's units that are dead: in a model that has stopped learning without success, and
/// in any model.
const DEAD: [f64; 2] = [0.5, 0.9];
/// A model counts as trained when its loss is below this fraction of the first loss.
const LEARNT: f64 = 0.8;
/// If the loss does not fall, a step that changes a layer by this fraction of its weights is too large.
const LARGE: f64 = 0.3;
/// If the loss does not fall, a step that changes every layer by less than this is too small.
const SMALL: f64 = 1e-6;
/// The ratio of the first layer's gradient to the last layer's.
const VANISHING: f64 = 1e-5;
/// The norm above which a gradient is too large.
const EXPLODING: f64 = 1e5;

/// The observations in the steps of an epoch.
#[derive(Default)]
pub(in super::super) struct Looked {
    layers: Vec<Layer>,
    steps: usize,
    weights: Vec<f32>,
    /// The classes of the current step.
    labels: Vec<usize>,
    /// The number of labels and of predictions of each class.
    labelled: Vec<usize>,
    predicted: Vec<usize>,
}

/// A layer with a kernel.
struct Layer {
    name: &'static str,
    kernel: Part,
    /// The gradient of the bias, if only a ReLU reads the layer.
    bias: Option<Range<usize>>,
    /// Whether each unit had a gradient in some step.
    alive: Vec<bool>,
    /// The norms of the gradient, and the relative changes of the weights.
    norms: Vec<f64>,
    moved: Vec<f64>,
}

/// The ranges of a tensor in the gradient and in the weights.
#[derive(Clone)]
struct Part {
    gradient: Range<usize>,
    weights: Range<usize>,
}

impl Watch {
    /// Whether this step of an epoch with `steps` steps is checked.
    pub(in super::super) fn looks_at(&self, step: usize, steps: usize) -> bool {
        self.enabled && step.is_multiple_of(steps.div_ceil(LOOKS).max(1))
    }

    /// Starts an epoch.
    pub(in super::super) fn begin(&mut self, layout: &Layout, settings: &[Setting]) {
        if !self.enabled {
            return;
        }
        if self.looked.layers.is_empty() {
            let layers = self.layers;
            let found = layers.iter().enumerate().filter_map(|(number, info)| {
                let part = |name: &str| {
                    let path = format!("{}.{name}", info.name);
                    let gradient = gradient_range(layout, settings, &path)?;
                    let weights = gradient_range(layout, &[], &path)?;
                    (!gradient.is_empty()).then_some(Part { gradient, weights })
                };
                let kernel = part("kernel")?;
                let bias = part("bias").filter(|_| is_relu(layers, number));
                Some(Layer {
                    name: info.name,
                    kernel,
                    alive: vec![false; bias.as_ref().map_or(0, |bias| bias.gradient.len())],
                    bias: bias.map(|bias| bias.gradient),
                    norms: Vec::with_capacity(LOOKS),
                    moved: Vec::with_capacity(LOOKS),
                })
            });
            self.looked.layers = found.collect();
        }
        for layer in &mut self.looked.layers {
            layer.alive.fill(false);
            layer.norms.clear();
            layer.moved.clear();
        }
        self.looked.steps = 0;
        let classes = self.counts.len();
        self.looked.labelled.clear();
        self.looked.labelled.resize(classes, 0);
        self.looked.predicted.clear();
        self.looked.predicted.resize(classes, 0);
    }

    /// Checks the gradient of a step, and the weights before it.
    pub(in super::super) fn gradient(&mut self, gradient: &[f32], weights: &[f32]) {
        self.looked.steps += 1;
        self.looked.weights.clear();
        self.looked.weights.extend_from_slice(weights);
        for layer in &mut self.looked.layers {
            layer.norms.push(norm(
                gradient[layer.kernel.gradient.clone()].iter().copied(),
            ));
            if let Some(bias) = &layer.bias {
                let units = layer.alive.iter_mut().zip(&gradient[bias.clone()]);
                units.for_each(|(alive, value)| *alive |= *value != 0.0);
            }
        }
    }

    /// Checks the weights after that step.
    pub(in super::super) fn moved(&mut self, weights: &[f32]) {
        let before = &self.looked.weights;
        for layer in &mut self.looked.layers {
            let part = layer.kernel.weights.clone();
            let pairs = weights[part.clone()].iter().zip(&before[part.clone()]);
            let update = norm(pairs.map(|(after, before)| after - before));
            let size = norm(before[part].iter().copied());
            if size > 0.0 {
                layer.moved.push(update / size);
            }
        }
    }

    /// The buffer for the classes of a step's labels.
    pub(in super::super) fn labels(&mut self) -> &mut Vec<usize> {
        self.looked.labels.clear();
        &mut self.looked.labels
    }

    /// Checks the outputs of a step, which are rows of scores.
    pub(in super::super) fn outputs(&mut self, outputs: &[f32], len: usize) {
        let Looked {
            labels,
            labelled,
            predicted,
            ..
        } = &mut self.looked;
        if len != labelled.len() || len < 2 {
            return;
        }
        let best = |scores: &[f32]| {
            (0..len).fold(0, |best, class| {
                if scores[class] > scores[best] {
                    class
                } else {
                    best
                }
            })
        };
        for (scores, label) in outputs.chunks_exact(len).zip(labels.iter()) {
            predicted[best(scores)] += 1;
            labelled[*label] += 1;
        }
    }

    /// Reports the observations in the steps of an epoch.
    pub(super) fn after_steps(&mut self, losses: &[f64], batch_size: usize) {
        let looked = std::mem::take(&mut self.looked);
        let falls = match losses {
            [.., before, last] => *last < 0.99 * before,
            [last] => self.first_loss.is_none_or(|first| *last < 0.99 * first),
            [] => return,
        };
        if looked.steps * batch_size >= 128 {
            let first = self.first_loss.unwrap_or(losses[0]);
            let has_learnt = losses.last().is_some_and(|last| *last < LEARNT * first);
            self.dead(&looked, falls || has_learnt);
        }
        self.norms(&looked, falls);
        if losses.len() >= 3 {
            self.never_predicted(&looked);
        }
        self.looked = looked;
    }

    fn dead(&mut self, looked: &Looked, learns: bool) {
        for layer in &looked.layers {
            let (units, dead) = (
                layer.alive.len(),
                layer.alive.iter().filter(|alive| !**alive).count(),
            );
            if units < 4 || (dead as f64) < DEAD[usize::from(learns)] * units as f64 {
                continue;
            }
            let unscaled = self.unscaled.is_some();
            let name = layer.name;
            self.say(HintKind::DeadUnits, || {
                let help = match unscaled {
                    true => "scale the inputs, and start again",
                    false => "start again with a tenth of the learning rate, or with `LeakyReLU` instead of `relu`",
                };
                format!(
                    "{dead} of {units} units of `{name}` output 0 for every sample, and no longer get a gradient: {help}"
                )
            });
        }
    }

    fn norms(&mut self, looked: &Looked, falls: bool) {
        let norms: Vec<(&str, f64)> = looked
            .layers
            .iter()
            .map(|layer| (layer.name, median(&layer.norms)))
            .collect();
        let (Some(first), Some(last)) = (norms.first(), norms.last()) else {
            return;
        };
        if norms.len() >= 3 && first.1 > 0.0 && first.1 < VANISHING * last.1 {
            let text = format!(
                "the gradient of `{}` is {}, that of `{}` {}: it vanishes in the backward pass; write `relu` instead of \
                 `sigmoid` or `tanh`, and `BatchNormalization` between the layers",
                first.0,
                short(first.1),
                last.0,
                short(last.1)
            );
            self.say(HintKind::VanishingGradient, || text);
        }
        if let Some((name, norm)) = norms.iter().find(|(_, norm)| *norm > EXPLODING)
            && !falls
        {
            let text = format!(
                "the gradient of `{name}` has the norm {}, and the loss does not fall: scale inputs and labels, or limit it \
                 with `.global_clipnorm(1.0)` after the optimizer",
                short(*norm)
            );
            self.say(HintKind::ExplodingGradient, || text);
        }
        let moved = looked
            .layers
            .iter()
            .map(|layer| (layer.name, median(&layer.moved)));
        let moved: Vec<(&str, f64)> = moved.collect();
        if falls || looked.steps < LOOKS / 2 {
            return;
        }
        if let Some((name, share)) = moved.iter().find(|(_, share)| *share > LARGE) {
            let text = format!(
                "a step moves the weights of `{name}` by {:.0} % of their size, and the loss does not fall: use a tenth \
                 of the learning rate, or the one that `model.find_learning_rate(&train)?` finds",
                100.0 * share
            );
            self.say(HintKind::LargeUpdates, || text);
        }
        if !moved.is_empty() && moved.iter().all(|(_, share)| *share < SMALL) {
            let (name, share) = moved[0];
            let text = format!(
                "a step moves the weights of `{name}` by {} of their size, and the loss does not fall: use ten times the \
                 learning rate, or the one that `model.find_learning_rate(&train)?` finds",
                short(share)
            );
            self.say(HintKind::SmallUpdates, || text);
        }
    }

    fn never_predicted(&mut self, looked: &Looked) {
        let classes = looked.labelled.iter().zip(&looked.predicted);
        let never = classes
            .enumerate()
            .filter(|(_, (labelled, predicted))| **labelled >= 20 && **predicted == 0);
        let never: Vec<usize> = never.map(|(class, _)| class).collect();
        if never.is_empty() {
            return;
        }
        let names: Vec<String> = never.iter().map(usize::to_string).collect();
        self.say(HintKind::NeverPredicted, || {
            format!(
                "class{} {} {} never predicted: if it is rare, write \
                 `.class_weight(train.balanced_class_weight())` after `Fit::epochs(..)`",
                if never.len() == 1 { "" } else { "es" },
                names.join(", "),
                if never.len() == 1 { "is" } else { "are" },
            )
        });
    }
}

/// Whether the layer ends with a ReLU, or only a ReLU reads it.
fn is_relu(layers: &[LayerInfo], number: usize) -> bool {
    let has = |info: &LayerInfo| {
        let words = info
            .declared
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.into_iter().any(|word| word == "relu") || info.declared == "ReLU"
    };
    if has(&layers[number]) {
        return true;
    }
    let source = Source::Layer(number);
    let mut readers = layers
        .iter()
        .filter(|info| info.sources.contains(&source))
        .peekable();
    readers.peek().is_some()
        && readers.all(|info| has(info) && matches!(info.kind, "ReLU" | "Activation"))
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values
        .map(|value| f64::from(value).powi(2))
        .sum::<f64>()
        .sqrt()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
