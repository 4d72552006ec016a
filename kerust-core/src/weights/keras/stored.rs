//! What a file of Keras holds.

use hdf5_pure::{DType, Dataset, Error};

/// A layer with weights in a file.
#[derive(Clone, Debug)]
pub(super) struct StoredLayer {
    /// Its name, behind the names of the models that it stands in.
    pub(super) names: Vec<String>,
    /// Its kind as Keras spells it: `batch_normalization`.
    pub(super) kind: String,
    /// Its tensors, in Keras's order.
    pub(super) tensors: Vec<StoredTensor>,
}

/// A tensor in a file.
#[derive(Clone, Debug)]
pub(super) struct StoredTensor {
    /// Where it stands in the file.
    pub(super) path: String,
    /// Its name in its layer, where the file says: `kernel`.
    pub(super) name: Option<String>,
    pub(super) sizes: Vec<usize>,
    /// Its values, or the name of the elements where they are not `F32`.
    pub(super) values: Result<Vec<f32>, String>,
}

impl StoredTensor {
    pub(super) fn read(
        dataset: &Dataset,
        path: String,
        name: Option<String>,
    ) -> Result<Self, Error> {
        let sizes = dataset.shape()?.into_iter();
        let sizes = sizes.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        let values = match dataset.dtype()? {
            DType::F32 => Ok(dataset.read_f32()?),
            other => Err(other.to_string().to_uppercase()),
        };
        Ok(Self {
            path,
            name,
            sizes: sizes.collect(),
            values,
        })
    }
}
