//! Hints from the data, before the first step.

use super::{HintKind, Watch, plural, short};
use crate::data::samples::{Room, Side};
use crate::data::{Data, Samples};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The maximum number of samples that are checked.
const MOST: usize = 4096;
/// Larger values count as unscaled.
const LARGE: f32 = 30.0;
/// The maximum number of columns of a table.
const COLUMNS: usize = 64;
/// Shorter samples are often equal by chance.
const LEAST_LEN: usize = 16;

impl Watch {
    /// Checks the training and the validation samples, if they are in memory.
    pub(in super::super) fn before<X: Data, Y: Data>(
        &mut self,
        data: &dyn Samples<X, Y>,
        train: usize,
        validation: Option<(&dyn Samples<X, Y>, Range<usize>)>,
    ) {
        if !self.enabled || !data.is_in_memory() {
            return;
        }
        let Some(seen) = Seen::of(data, 0..train) else {
            return;
        };
        self.unscaled(&seen);
        self.columns(&seen);
        let classes = seen.counts.iter().filter(|count| **count > 0).count();
        if classes == 1 && Y::CLASS_COUNT > 1 && seen.samples > 1 {
            let class = seen.counts.iter().position(|count| *count > 0).unwrap_or(0);
            self.say(HintKind::OneClass, || {
                format!(
                    "all {} labels that were checked are class {class}: there is nothing to distinguish; check how \
                     the labels are made, or at how the data are split: `data.shuffle(Seed(1)).split(0.8)`",
                    seen.samples
                )
            });
        }
        self.counts.clone_from(&seen.counts);
        let Some((other, numbers)) = validation.filter(|(other, _)| other.is_in_memory()) else {
            return;
        };
        if seen.inputs.iter().map(|input| input.len).sum::<usize>() >= LEAST_LEN {
            self.shared(data, 0..train, other, numbers.clone());
        }
        self.sides::<X, Y>(other, numbers, train);
    }

    fn unscaled(&mut self, seen: &Seen) {
        for (input, of) in seen.inputs.iter().enumerate() {
            let most = of.low.abs().max(of.high.abs());
            if !(LARGE..).contains(&most) || !most.is_finite() || !self.is_read_unscaled(input) {
                continue;
            }
            let [low, high] = [of.low, of.high];
            self.unscaled = Some([low, high]);
            let is_pixels =
                low >= 0.0 && high <= 255.0 && (of.len > COLUMNS || self.is_image(input));
            self.say(HintKind::UnscaledInputs, || {
                let help = match is_pixels {
                    true => "write `Rescaling(1 / 255)` after `Input`",
                    false => {
                        "write `Normalization` after `Input`, and `net.adapt(&train)?` before `compile`"
                    }
                };
                let [low, high] = [low, high].map(|end| short(end.into()));
                format!("inputs run from {low} to {high}, and no layer scales them: {help}")
            });
        }
    }

    fn columns(&mut self, seen: &Seen) {
        let constant: Vec<String> = match seen.inputs.as_slice() {
            [of] if of.len <= COLUMNS && seen.is_all && seen.samples > 16 => {
                let columns = of.columns.iter().enumerate();
                let constant = columns.filter(|(_, [low, high])| low == high);
                constant.map(|(column, _)| column.to_string()).collect()
            }
            _ => return,
        };
        if constant.is_empty() {
            return;
        }
        self.say(HintKind::ConstantColumns, || {
            format!(
                "value{} {} of the inputs (counted from 0) {} the same in all {} samples, so nothing can be learnt from \
                 {}: look at where {} from",
                plural(constant.len()),
                constant.join(", "),
                if constant.len() == 1 { "is" } else { "are" },
                seen.samples,
                if constant.len() == 1 { "it" } else { "them" },
                if constant.len() == 1 { "it comes" } else { "they come" },
            )
        });
    }

    /// Finds samples that are in both sets.
    fn shared<X: Data, Y: Data>(
        &mut self,
        data: &dyn Samples<X, Y>,
        train: Range<usize>,
        other: &dyn Samples<X, Y>,
        validation: Range<usize>,
    ) {
        // Compares a few values of each sample first, and all values only if those are equal.
        let mut few: HashMap<u64, Vec<usize>> = HashMap::new();
        for number in validation.clone() {
            let Some(print) = other.fingerprint(number, false) else {
                return;
            };
            few.entry(print).or_default().push(number);
        }
        let mut shared = HashSet::new();
        for number in train {
            let Some(near) = data
                .fingerprint(number, false)
                .and_then(|print| few.get(&print))
            else {
                continue;
            };
            let whole = data.fingerprint(number, true);
            let same = near
                .iter()
                .filter(|near| other.fingerprint(**near, true) == whole);
            shared.extend(same.copied());
        }
        let count = shared.len();
        if count * 100 < validation.len().max(1) || count == 0 {
            return;
        }
        let mut shared: Vec<usize> = shared.into_iter().collect();
        shared.sort_unstable();
        let first: Vec<String> = shared.iter().take(5).map(usize::to_string).collect();
        self.say(HintKind::SharedSamples, || {
            format!(
                "{count} of {} samples to validate on {} in the training set too (number{} {}{}): the validation says too \
                 much good; divide one data set, `let (train, test) = data.shuffle(Seed(1)).split(0.8)`",
                validation.len(),
                if count == 1 { "is" } else { "are" },
                plural(count),
                first.join(", "),
                if count > 5 { ", .." } else { "" },
            )
        });
    }

    /// Finds classes that occur in only one of the sets.
    fn sides<X: Data, Y: Data>(
        &mut self,
        other: &dyn Samples<X, Y>,
        numbers: Range<usize>,
        train: usize,
    ) {
        let Some(seen) = Seen::of(other, numbers.clone()).filter(|seen| seen.is_all) else {
            return;
        };
        if train > MOST || seen.counts.is_empty() || numbers.len() < 4 * seen.counts.len() {
            return;
        }
        let pairs = self.counts.iter().zip(&seen.counts).enumerate();
        let alone = pairs.filter(|(_, (a, b))| (**a == 0) != (**b == 0));
        let alone: Vec<_> = alone.map(|(class, (a, b))| (class, *a, *b)).collect();
        let Some(&(class, in_training, in_validation)) = alone.first() else {
            return;
        };
        // With few samples of a class, this can happen by chance.
        if in_training.max(in_validation) < 8 {
            return;
        }
        self.say(HintKind::ClassOnOneSide, || {
            format!(
                "class {class} has {in_training} samples to train on and {in_validation} to validate on: the data seem to be \
                 sorted; `data.stratified_split(0.8)` divides each class in the same way"
            )
        });
    }
}

/// Statistics of some samples.
struct Seen {
    samples: usize,
    /// Whether all samples were checked.
    is_all: bool,
    inputs: Vec<Numbers>,
    /// The number of samples of each class; empty if the labels are not classes.
    counts: Vec<usize>,
}

/// Statistics of an input.
struct Numbers {
    low: f32,
    high: f32,
    /// The number of values in a sample.
    len: usize,
    /// The minimum and the maximum of each column, if there are few columns.
    columns: Vec<[f32; 2]>,
}

impl Seen {
    /// Checks samples spread over the range. Returns `None` if one cannot be read; the training step will
    /// report it.
    fn of<X: Data, Y: Data>(data: &dyn Samples<X, Y>, range: Range<usize>) -> Option<Self> {
        let step = range.len().div_ceil(MOST).max(1);
        let numbers: Vec<usize> = range.clone().step_by(step).collect();
        let mut seen = Self {
            samples: numbers.len(),
            is_all: step == 1,
            inputs: Vec::new(),
            counts: vec![0; Y::CLASS_COUNT],
        };
        let (mut inputs, mut labels) = (Side::default(), Side::default());
        let mut classes = Vec::new();
        for numbers in numbers.chunks(64) {
            let (input, label) = data
                .gather(numbers, Room::new(&mut inputs, &mut labels))
                .ok()?;
            X::floats(input, 0, &mut |part, values, len| {
                seen.take(part, values, len)
            });
            classes.clear();
            Y::classes_of(label, &mut classes);
            classes.iter().for_each(|class| seen.counts[*class] += 1);
        }
        Some(seen)
    }

    fn take(&mut self, part: usize, values: &[f32], len: usize) {
        while self.inputs.len() <= part {
            let none = [f32::INFINITY, f32::NEG_INFINITY];
            self.inputs.push(Numbers {
                low: none[0],
                high: none[1],
                len,
                columns: vec![none; if len <= COLUMNS { len } else { 0 }],
            });
        }
        let of = &mut self.inputs[part];
        of.len = len;
        let low = values.iter().fold(of.low, |low, value| low.min(*value));
        let high = values.iter().fold(of.high, |high, value| high.max(*value));
        (of.low, of.high) = (low, high);
        if of.columns.len() == len && len > 0 {
            for row in values.chunks_exact(len) {
                for ([low, high], value) in of.columns.iter_mut().zip(row) {
                    (*low, *high) = (low.min(*value), high.max(*value));
                }
            }
        }
    }
}
