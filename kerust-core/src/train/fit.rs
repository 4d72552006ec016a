//! The settings of `fit`.

use super::callback::{Callback, LambdaCallback, TrainingContext};
use super::compiled::{BATCH_SIZE, at_least_1};
use super::exchange::{Alone, Exchange};
use super::progress::Verbosity;
use super::step::ClassWeight;
use super::{Result, TrainError};
use crate::data::{Classes, Data, Samples};
use crate::rng::Seed;
use std::ops::Range;

/// The settings of a training, with Keras's names and defaults.
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
    /// Trains up to this epoch: for `epochs` epochs from the start, or fewer from a later initial epoch.
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

    /// Sets the batch size; 32 by default. The last batch of a pass can be smaller.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Sets whether the samples are shuffled before each epoch. Enabled by default.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Sets the seed for the order of the samples, for dropout and for augmentation. The default is
    /// `Seed(0)`, or the seed of the training that is resumed.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the data on which the model is evaluated after each epoch.
    pub fn validation_data(mut self, data: &'a impl Samples<X, Y>) -> Self {
        self.validation = Some(data);
        self
    }

    /// Uses the last `fraction` of the samples for validation. They are split off before shuffling.
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.validation_split = Some(fraction);
        self
    }

    /// Sets the batch size of the validation; that of the training by default.
    pub fn validation_batch_size(mut self, batch_size: usize) -> Self {
        self.validation_batch_size = Some(batch_size);
        self
    }

    /// Validates only after epochs whose number (from 1) is a multiple of this; 1 by default.
    pub fn validation_freq(mut self, epochs: usize) -> Self {
        self.validation_freq = epochs;
        self
    }

    /// Sets the weight of each sample in the loss, in the order of the data set.
    pub fn sample_weight(mut self, weights: &'a [f32]) -> Self {
        self.sample_weight = Some(weights);
        self
    }

    /// Adds a callback. Callbacks are called in the order in which they were added. Pass `&mut callback` to
    /// read it after the training.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Adds a closure that is called at the end of each epoch.
    pub fn on_epoch_end(self, call: impl FnMut(&mut TrainingContext<'_>) + Send + 'a) -> Self {
        self.callback(LambdaCallback::new().on_epoch_end(call))
    }

    /// Prints nothing.
    pub fn quiet(self) -> Self {
        self.verbosity(Verbosity::Quiet)
    }

    /// Sets what is printed; a progress bar by default.
    pub fn verbosity(mut self, verbosity: Verbosity) -> Self {
        self.verbosity = verbosity;
        self
    }

    /// Sets the initial epoch, from 0. The default is 0, or the epoch at which a resumed training stopped. If
    /// it is set, a training that a callback had stopped continues.
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.initial_epoch = Some(epoch);
        self
    }

    /// Sets the number of steps in an epoch. By default an epoch sees every sample once. As in Keras, the
    /// next epoch continues where this one stopped. An epoch ends when the data end; it then has fewer steps,
    /// and the next epoch starts from the beginning.
    pub fn steps_per_epoch(mut self, steps: usize) -> Self {
        self.steps_per_epoch = Some(steps);
        self
    }

    /// Trains in a pool of this number of threads; in rayon's global pool by default. The result does not
    /// depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Sets whether the training is checked for common problems, such as unscaled inputs or dead units. Each
    /// problem is reported once, with code to try, and is available from
    /// [`Compiled::hints`](super::Compiled::hints). Enabled by default.
    ///
    /// # Cost
    /// Up to 4,096 samples are checked before the first step, and eight steps of each epoch.
    pub fn hints(mut self, hints: bool) -> Self {
        self.hints = hints;
        self
    }

    /// Divides each batch among several machines that train the same model; see [`Exchange`].
    pub fn exchange(mut self, exchange: impl Exchange + 'a) -> Self {
        self.exchange = Box::new(exchange);
        self
    }

    /// Sets the weight of each class in the loss: for each class of [`Class`](crate::data::Class), or for the
    /// classes 0 and 1 of [`Binary`](crate::data::Binary).
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

    /// Checks the settings before anything is changed. Returns the number of training samples, and the range
    /// of the validation samples, in `validation_data` or after the training samples.
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
            let steps = data.len().checked_mul(Y::STEPS);
            if weights.len() != data.len() && Some(weights.len()) != steps {
                return Err(TrainError::Weights {
                    found: weights.len(),
                    expected: data.len(),
                    steps: Y::STEPS,
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

/// The number of samples that `validation_split(fraction)` leaves for training, as in Keras.
fn first(samples: usize, fraction: f64) -> Result<usize, TrainError> {
    if !(0.0..1.0).contains(&fraction) {
        return Err(TrainError::OutOfRange {
            setting: "validation_split",
            found: fraction,
            expected: "a fraction of at least 0 and below 1",
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
            "`validation_split` is 1.5, expected a fraction of at least 0 and below 1"
        );
    }
}
