//! Trial trainings, which leave no trace: the model, the optimizer and the results of later trainings stay
//! the same.

mod overfit;
mod rates;

pub use overfit::OverfitCheck;
pub use rates::LearningRates;

use super::exchange::Alone;
use super::order::Order;
use super::step::Source;
use super::{Compiled, TrainError};
use crate::Result;
use crate::data::{Data, Samples};
use crate::model::Train;
use crate::optimizer::{Applied, LearningRate};

impl<N: Train, Y: Data> Compiled<N, Y> {
    /// Runs a trial training, and restores everything afterwards.
    fn tried<R>(&mut self, rate: f32, attempt: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let weights = self.trainee.model.as_slice().to_vec();
        let run = self.trainee.run.clone();
        let mut applied = Applied::new(&*self.trainee.optimizer, &N::LAYOUT, N::SETTINGS);
        applied.freeze(self.trainee.applied.frozen().to_vec());
        let applied = std::mem::replace(&mut self.trainee.applied, applied);
        let settings = self.trainee.optimizer.settings_mut();
        let rate = std::mem::replace(&mut settings.learning_rate, LearningRate::Constant(rate));
        let outcome = attempt(self);
        self.trainee.model.as_mut_slice().copy_from_slice(&weights);
        self.trainee.run = run;
        self.trainee.applied = applied;
        self.trainee.optimizer.settings_mut().learning_rate = rate;
        outcome
    }

    /// Performs one step on these samples and returns their loss.
    fn step(&mut self, data: &dyn Samples<N::Input, Y>, numbers: &[usize]) -> Result<f64> {
        let source = Source {
            data,
            sample_weight: None,
            class_weight: None,
        };
        let (trainee, objective) = (&mut self.trainee, &mut *self.objective);
        self.buffers
            .train(trainee, objective, &source, numbers, &mut Alone, None)
    }
}

/// The indices of the batches of consecutive passes over a data set.
fn batches(samples: usize, size: usize, count: usize, seed: crate::rng::Seed) -> Vec<Vec<usize>> {
    let mut order = Order::new(samples, Some(seed));
    let size = size.min(samples);
    let in_pass = samples / size;
    let batch = |number: usize| {
        let (pass, place) = (number / in_pass, number % in_pass);
        order.pass(pass as u64)[place * size..(place + 1) * size].to_vec()
    };
    (0..count).map(batch).collect()
}

fn not_empty<X: Data, Y: Data>(data: &dyn Samples<X, Y>) -> Result<()> {
    match data.is_empty() {
        true => {
            let which = "the data set to try";
            Err(TrainError::EmptyDataset { which }.into())
        }
        false => Ok(()),
    }
}
