//! House price data sets: `x` and `y` of an `.npz` file, shuffled and split as in Keras.

use super::places::Names;
use super::random_state::RandomState;
use crate::data::npy::{NpyFault, Npz, refuse};
use crate::data::{DataError, Dataset, TensorColumn};
use crate::error::Result;
use crate::tensor::Rank1;
use std::path::Path;

/// Training and test samples.
pub(super) type Split<const N: usize> = (Dataset<Rank1<N>, Rank1<1>>, Dataset<Rank1<N>, Rank1<1>>);

/// Keras's arguments.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Options {
    pub(super) test_split: f64,
    pub(super) seed: u32,
    /// Use only the first samples of the file.
    pub(super) first: Option<usize>,
}

impl Options {
    pub(super) const DEFAULT: Self = Self {
        test_split: 0.2,
        seed: 113,
        first: None,
    };
}

pub(super) fn load<const N: usize>(names: &Names, options: &Options) -> Result<Split<N>> {
    let file = |place: &Path| match place.is_dir() {
        true => place.join(names.files[0]),
        false => place.to_path_buf(),
    };
    let place = names.find(|place| file(place).is_file())?;
    load_from(&file(&place), options)
}

pub(super) fn load_from<const N: usize>(path: &Path, options: &Options) -> Result<Split<N>> {
    let training = training_fraction(options.test_split)?;
    let npz = Npz::open(path)?;
    let targets = npz.floats("y", &[None])?;
    let inputs = npz.floats("x", &[None, Some(N)])?;
    if inputs.len() / N != targets.len() {
        let fault = NpyFault::Shape {
            found: vec![targets.len()],
            expected: vec![Some(inputs.len() / N)],
        };
        return Err(refuse(path, Some("y"), fault));
    }
    let count = options.first.unwrap_or(usize::MAX).min(targets.len());
    let order = RandomState::new(options.seed).shuffled(count);
    let part = |order: &[usize]| {
        let x = order.iter().flat_map(|i| &inputs[i * N..(i + 1) * N]);
        let y = order.iter().map(|i| targets[*i]);
        let columns = [x.copied().collect(), y.collect()].map(TensorColumn::Float);
        let [x, y] = columns;
        Dataset::from_columns(x, y, order.len(), Vec::new())
    };
    let (train, test) = order.split_at((count as f64 * training) as usize);
    Ok((part(train), part(test)))
}

/// The fraction of the training samples.
pub(super) fn training_fraction(test_split: f64) -> Result<f64> {
    if (0.0..1.0).contains(&test_split) {
        return Ok(1.0 - test_split);
    }
    Err(DataError::TestSplit { found: test_split }.into())
}
