//! Training of layers that learn from data without a gradient (`adapt`).

use super::TrainError;
use super::compiled::BATCH_SIZE;
use super::pool;
use super::step::{memory, refuse};
use crate::Result;
use crate::data::samples::{Room, Side};
use crate::data::{Data, Samples};
use crate::kernels::scratch::AlignedBuffer;
use crate::model::Train;
use crate::rng::{Observer, Step};
use std::sync::{Mutex, PoisonError};

/// Sets the mean and the variance of each `Normalization` to those of its inputs.
///
/// The input of a `Normalization` can depend on another one before it. Therefore the passes are repeated
/// until nothing changes: at most once for each such layer in a row.
pub(super) fn adapt<N: Train, Y: Data>(
    model: &mut N,
    data: &dyn Samples<N::Input, Y>,
) -> Result<()> {
    if data.is_empty() {
        let which = "the data set to adapt to";
        return Err(TrainError::EmptyDataset { which }.into());
    }
    let mut adapted = N::zeroed();
    adapted.as_mut_slice().copy_from_slice(model.as_slice());
    let mut passes = 0;
    loop {
        let moments = observe(&*adapted, data)?;
        if moments.is_empty() {
            return Err(TrainError::NothingToAdapt { model: N::NAME }.into());
        }
        let mut changes = false;
        for layer in &moments {
            let numbers = layer.numbers();
            let place = &mut adapted.as_mut_slice()[layer.start..layer.start + numbers.len()];
            changes |= place
                .iter()
                .zip(&numbers)
                .any(|(a, b)| a.to_bits() != b.to_bits());
            place.copy_from_slice(&numbers);
        }
        passes += 1;
        if !changes || passes == moments.len() {
            break;
        }
    }
    // The weights are replaced all at once, after every pass has succeeded.
    model.as_mut_slice().copy_from_slice(adapted.as_slice());
    Ok(())
}

/// The moments of the inputs of each layer that learns from data.
fn observe<N: Train, Y: Data>(model: &N, data: &dyn Samples<N::Input, Y>) -> Result<Vec<Moments>> {
    let observer = Moving {
        base: model.as_slice().as_ptr() as usize,
        layers: Mutex::default(),
    };
    let numbers: Vec<usize> = (0..data.len()).collect();
    let (mut inputs, mut labels) = (Side::default(), Side::default());
    let mut block = AlignedBuffer::new();
    pool::inside(None, || -> Result<()> {
        for numbers in numbers.chunks(BATCH_SIZE) {
            let (input, of_batch) = data.gather(numbers, Room::new(&mut inputs, &mut labels))?;
            refuse::<N::Input, Y>(numbers, input, of_batch, true)?;
            let mut memory = memory(&mut block, N::TRAINING_LEN, numbers.len());
            let step = Step::observing(&observer).over(0, numbers.len());
            model.forward_training(input, &mut memory, step);
        }
        Ok(())
    })??;
    let layers = observer.layers.into_inner();
    Ok(layers.unwrap_or_else(PoisonError::into_inner))
}

/// Collects the moments for each layer, which is identified by the offset of its weights in the model.
struct Moving {
    base: usize,
    layers: Mutex<Vec<Moments>>,
}

impl Observer for Moving {
    fn see(&self, weights: &[f32], x: &[f32], features: usize, run: usize) {
        let start = (weights.as_ptr() as usize).wrapping_sub(self.base) / size_of::<f32>();
        let layers = self.layers.lock();
        let mut layers = layers.unwrap_or_else(PoisonError::into_inner);
        let place = layers.iter().position(|layer| layer.start == start);
        let place = place.unwrap_or_else(|| {
            layers.push(Moments::new(start, features));
            layers.len() - 1
        });
        layers[place].add(x, run);
    }
}

/// The running mean and variance of each feature.
struct Moments {
    /// The offset of the layer's weights in the model's weights.
    start: usize,
    /// The number of values of each feature.
    count: f64,
    mean: Vec<f64>,
    /// The sums of the squared differences from the mean.
    squares: Vec<f64>,
}

impl Moments {
    fn new(start: usize, features: usize) -> Self {
        Self {
            start,
            count: 0.0,
            mean: vec![0.0; features],
            squares: vec![0.0; features],
        }
    }

    /// Adds a batch: Chan, Golub & LeVeque (1979), eq. 2.1.
    fn add(&mut self, x: &[f32], run: usize) {
        let features = self.mean.len();
        let added = (x.len() / features.max(1)) as f64;
        if added == 0.0 {
            return;
        }
        let total = self.count + added;
        for feature in 0..features {
            let blocks = x.chunks_exact(run * features);
            let values = || {
                let runs = blocks
                    .clone()
                    .map(|block| &block[feature * run..(feature + 1) * run]);
                runs.flatten().map(|value| f64::from(*value))
            };
            let mean = values().sum::<f64>() / added;
            let squares: f64 = values().map(|value| (value - mean).powi(2)).sum();
            let apart = mean - self.mean[feature];
            self.mean[feature] += apart * added / total;
            self.squares[feature] += squares + apart * apart * self.count * added / total;
        }
        self.count = total;
    }

    /// The means, followed by the variances, as the layer stores them.
    fn numbers(&self) -> Vec<f32> {
        let variances = self.squares.iter().map(|squares| squares / self.count);
        let numbers = self.mean.iter().copied().chain(variances);
        numbers.map(|number| number as f32).collect()
    }
}
