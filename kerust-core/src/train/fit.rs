//! How a training is to go.

use super::callback::{Callback, LambdaCallback, Training};
use super::compiled::{BATCH_SIZE, at_least_1};
use super::exchange::{Alone, Exchange};
use super::progress::Verbosity;
use super::step::ClassWeight;
use super::{Result, TrainError};
use crate::data::{Classes, Data, Samples};
use crate::rng::Seed;
use std::ops::Range;

/// The settings of one training; Keras's names and defaults.
///
/// ```
/// use kerust::data::Class;
/// use kerust::tensor::Rank1;
/// use kerust::train::{EarlyStopping, Fit};
///
/// let fit: Fit<'_, Rank1<4>, Class<3>> = Fit::epochs(10)
///     .batch_size(64)
///     .validation_split(0.1)
///     .callback(EarlyStopping::monitor("val_loss").patience(2));
/// ```
#[must_use = "pass it to `fit`"]
pub struct Fit<'a, X: Data, Y: Data> {
    pub(super) epochs: usize,
    pub(super) initial_epoch: Option<usize>,
    pub(super) batch_size: usize,
    pub(super) steps_per_epoch: Option<usize>,
    pub(super) shuffle: bool,
    pub(super) seed: Option<Seed>,
    pub(super) validation: Option<&'a dyn Samples<X, Y>>,
    pub(super) validation_split: Option<f64>,
    pub(super) validation_batch_size: Option<usize>,
    pub(super) validation_freq: usize,
    pub(super) sample_weight: Option<&'a [f32]>,
    pub(super) class_weight: Option<ClassWeight<Y>>,
    pub(super) callbacks: Vec<Box<dyn Callback + 'a>>,
    pub(super) exchange: Box<dyn Exchange + 'a>,
    pub(super) verbosity: Verbosity,
    pub(super) threads: Option<usize>,
    pub(super) hints: bool,
}

impl<'a, X: Data, Y: Data> Fit<'a, X, Y> {
    /// A training up to this epoch: `epochs` epochs from the beginning, fewer from a later one.
    pub fn epochs(epochs: usize) -> Self {
        Self {
            epochs,
            initial_epoch: None,
            batch_size: BATCH_SIZE,
            steps_per_epoch: None,
            shuffle: true,
            seed: None,
            validation: None,
            validation_split: None,
            validation_batch_size: None,
            validation_freq: 1,
            sample_weight: None,
            class_weight: None,
            callbacks: Vec::new(),
            exchange: Box::new(Alone),
            verbosity: Verbosity::Bar,
            threads: None,
            hints: true,
        }
    }

    /// The samples of a batch; 32 unless set. The last batch of a pass may be smaller.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Whether each pass over the data set has an order of its own. Enabled by default.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// What the order of the samples, dropout and augmentation are drawn from; `Seed(0)`, or that
    /// of a training that is resumed, unless set.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// What the model is judged on after each epoch.
    pub fn validation_data(mut self, data: &'a impl Samples<X, Y>) -> Self {
        self.validation = Some(data);
        self
    }

    /// Keeps the last `fraction` of the samples, before any shuffling, to judge the model on.
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.validation_split = Some(fraction);
        self
    }

    /// The samples of a batch of the validation; that of the training unless set.
    pub fn validation_batch_size(mut self, batch_size: usize) -> Self {
        self.validation_batch_size = Some(batch_size);
        self
    }

    /// Validates after every epoch whose number (from 1) is a multiple of this; 1 unless set.
    pub fn validation_freq(mut self, epochs: usize) -> Self {
        self.validation_freq = epochs;
        self
    }

    /// The weight of each sample in the loss, in the order of the data set.
    pub fn sample_weight(mut self, weights: &'a [f32]) -> Self {
        self.sample_weight = Some(weights);
        self
    }

    /// Adds a callback. Callbacks are called in the order in which they were added; hand over
    /// `&mut callback` to look at it afterwards.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Calls a closure at the end of each epoch.
    pub fn on_epoch_end(self, call: impl FnMut(&mut Training<'_>) + Send + 'a) -> Self {
        self.callback(LambdaCallback::new().on_epoch_end(call))
    }

    /// Shows nothing.
    pub fn quiet(self) -> Self {
        self.verbosity(Verbosity::Quiet)
    }

    /// What is shown; a bar unless set.
    pub fn verbosity(mut self, verbosity: Verbosity) -> Self {
        self.verbosity = verbosity;
        self
    }

    /// The epoch to begin with, from 0; 0, or the one at which a resumed training stopped, unless
    /// set. When set, a resumed training that a callback had stopped goes on.
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.initial_epoch = Some(epoch);
        self
    }

    /// The steps of an epoch; as many as it takes to see every sample unless set. As in Keras, the next
    /// epoch goes on where this one stopped, and an epoch ends where the data end: then it has fewer
    /// steps, and the next one begins anew.
    pub fn steps_per_epoch(mut self, steps: usize) -> Self {
        self.steps_per_epoch = Some(steps);
        self
    }

    /// Trains in a pool of this many threads; in rayon's global pool unless set. The result has
    /// the same bits.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Whether the training is watched for what keeps it from learning, such as inputs that no layer scales or units that
    /// have died. What is noticed is said once, with what to write, and is in
    /// [`Compiled::hints`](super::Compiled::hints). Enabled by default.
    ///
    /// # Cost
    /// A look at up to 4,096 samples before the first step, and at eight steps of each epoch.
    pub fn hints(mut self, hints: bool) -> Self {
        self.hints = hints;
        self
    }

    /// Divides each batch among machines that train the same model; see [`Exchange`].
    pub fn exchange(mut self, exchange: impl Exchange + 'a) -> Self {
        self.exchange = Box::new(exchange);
        self
    }

    /// The weight of each class in the loss: of each number of [`Class`](crate::data::Class), or of no
    /// and yes of [`Binary`](crate::data::Binary).
    pub fn class_weight<const N: usize>(mut self, of_class: [f32; N]) -> Self
    where
        Y: Classes<N>,
    {
        self.class_weight = Some(ClassWeight {
            of_class: of_class.into(),
            multiply: Y::multiply,
        });
        self
    }

    /// Refuses settings that make no sense, before anything is changed. Returns how many samples to
    /// train on, and the numbers of those to validate on, of `validation_data` or of the rest.
    pub(super) fn split(
        &self,
        data: &dyn Samples<X, Y>,
    ) -> Result<(usize, Option<Range<usize>>), TrainError> {
        at_least_1("batch_size", self.batch_size)?;
        at_least_1("validation_freq", self.validation_freq)?;
        at_least_1("steps_per_epoch", self.steps_per_epoch.unwrap_or(1))?;
        at_least_1("threads", self.threads.unwrap_or(1))?;
        let validation_batch_size = self.validation_batch_size.unwrap_or(1);
        at_least_1("validation_batch_size", validation_batch_size)?;
        not_empty("the training set", data)?;
        if let Some(weights) = self.sample_weight {
            if weights.len() != data.len() {
                return Err(TrainError::Weights {
                    found: weights.len(),
                    expected: data.len(),
                });
            }
            finite("sample_weight", weights)?;
        }
        if let Some(weights) = &self.class_weight {
            finite("class_weight", &weights.of_class)?;
        }
        match (self.validation, self.validation_split) {
            (Some(_), Some(_)) => Err(TrainError::TwoValidations),
            (Some(validation), None) => {
                not_empty("the validation set", validation)?;
                Ok((data.len(), Some(0..validation.len())))
            }
            (None, Some(fraction)) => {
                let train = first(data.len(), fraction)?;
                let rest = train..data.len();
                Ok((train, (!rest.is_empty()).then_some(rest)))
            }
            (None, None) => Ok((data.len(), None)),
        }
    }
}

fn finite(setting: &'static str, weights: &[f32]) -> Result<(), TrainError> {
    match weights.iter().position(|weight| !weight.is_finite()) {
        Some(place) => Err(TrainError::Weight {
            setting,
            place,
            found: weights[place],
        }),
        None => Ok(()),
    }
}

/// The samples that `validation_split(fraction)` leaves to train on, counted as Keras counts them.
fn first(samples: usize, fraction: f64) -> Result<usize, TrainError> {
    if !(0.0..1.0).contains(&fraction) {
        return Err(TrainError::OutOfRange {
            setting: "validation_split",
            found: fraction,
            expected: "a fraction from 0 up to, but without, 1",
        });
    }
    let train = (samples as f64 * (1.0 - fraction)).floor() as usize;
    if fraction > 0.0 && (train == 0 || train == samples) {
        return Err(TrainError::Split {
            fraction,
            samples,
            train,
        });
    }
    Ok(train)
}

fn not_empty<X: Data, Y: Data>(
    which: &'static str,
    data: &dyn Samples<X, Y>,
) -> Result<(), TrainError> {
    match data.is_empty() {
        true => Err(TrainError::EmptyDataset { which }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_counts_as_keras_counts() {
        // python: math.floor(n * (1.0 - f))
        assert_eq!(first(1000, 0.1), Ok(900));
        assert_eq!(first(17, 0.2), Ok(13));
        assert_eq!(first(3, 0.4), Ok(1));
        assert_eq!(first(10, 0.0), Ok(10));
    }

    #[test]
    fn a_split_that_leaves_nothing_is_refused() {
        let error = first(3, 0.9).unwrap_err().to_string();
        assert_eq!(
            error,
            "`validation_split(0.9)` splits 3 samples into 0 to train on and 3 to validate on, \
             expected at least 1 in each"
        );
        let error = first(3, 1.5).unwrap_err().to_string();
        assert_eq!(
            error,
            "`validation_split` is 1.5, expected a fraction from 0 up to, but without, 1"
        );
    }
}
