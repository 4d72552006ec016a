//! The samples of a calibration, and the values that a network takes for them.

use super::float::Float;
use crate::Result;
use crate::data::samples::{Room, Side};
use crate::data::{Data, Samples};
use crate::kernels::alone;
use crate::train::TrainError;
use rayon::prelude::*;

/// Samples of a batch: the values of all layers for so many lie in memory at once, in each thread.
const BATCH: usize = 16;

/// The inputs of a calibration, batch by batch.
pub(super) struct Calibration {
    batches: Vec<Vec<Vec<f32>>>,
    pub(super) samples: usize,
}

impl Calibration {
    /// Reads all samples, and applies the layers that stand before the quantization.
    pub(super) fn read<X: Data, Y: Data>(
        float: &Float,
        samples: &impl Samples<X, Y>,
    ) -> Result<Self> {
        if samples.is_empty() {
            let which = "the calibration data set";
            return Err(TrainError::EmptyDataset { which }.into());
        }
        let numbers: Vec<usize> = (0..samples.len()).collect();
        let (mut inputs, mut labels) = (Side::default(), Side::default());
        let mut batches = Vec::new();
        for numbers in numbers.chunks(BATCH) {
            let (input, _) = samples.gather(numbers, Room::new(&mut inputs, &mut labels))?;
            let mut batch = values_of::<X>(input);
            for values in &batch {
                if let Some(place) = values.iter().position(|value| !value.is_finite()) {
                    let sample = numbers[place * numbers.len() / values.len()];
                    let message = format!(
                        "sample {sample} of the calibration holds {}, expected finite numbers",
                        values[place]
                    );
                    return Err(TrainError::Quantization { message }.into());
                }
            }
            rescale(float, &mut batch);
            batches.push(batch);
        }
        Ok(Self {
            batches,
            samples: samples.len(),
        })
    }

    /// The first samples: at most so many.
    pub(super) fn first(&self, samples: usize) -> Self {
        let batches = self.batches[..samples.div_ceil(BATCH).min(self.batches.len())].to_vec();
        Self {
            batches,
            samples: samples.min(self.samples),
        }
    }

    /// What `look` makes of each batch, in order. The batches are divided over threads.
    pub(super) fn map<R: Send>(&self, look: impl Fn(&[&[f32]]) -> R + Sync) -> Vec<R> {
        let mut results = Vec::new();
        self.batches
            .par_iter()
            .map(|batch| {
                let inputs: Vec<&[f32]> = batch.iter().map(Vec::as_slice).collect();
                alone(|| look(&inputs))
            })
            .collect_into_vec(&mut results);
        results
    }
}

/// The inputs of a batch after the layers that stand before the quantization.
pub(super) fn rescaled<X: Data>(float: &Float, input: X::Slices<'_>) -> Vec<Vec<f32>> {
    let mut batch = values_of::<X>(input);
    rescale(float, &mut batch);
    batch
}

fn values_of<X: Data>(input: X::Slices<'_>) -> Vec<Vec<f32>> {
    let mut batch = Vec::new();
    X::floats(input, 0, &mut |_, values, _| batch.push(values.to_vec()));
    batch
}

fn rescale(float: &Float, batch: &mut [Vec<f32>]) {
    for (values, rescaling) in batch.iter_mut().zip(&float.rescalings) {
        if let Some(layer) = rescaling {
            values
                .iter_mut()
                .for_each(|value| *value = layer.value(*value));
        }
    }
}
