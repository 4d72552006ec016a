//! Weights in Keras's files: HDF5, in the layouts that kerust shares with Keras.
//!
//! [`load`] reads what Keras writes: `.weights.h5` and `.keras` of Keras 3, and the `.h5` of Keras 2,
//! with the whole model or its weights alone. [`save`] writes a `.weights.h5` that Keras's
//! `model.load_weights` takes. [`tensors`] lists what a file holds, without a model.
//!
//! # Which layer is which
//!
//! Names decide where they are the same on both sides. Otherwise the names that somebody chose and
//! that stand on both sides decide for their layers, and the others go by their order among the
//! layers of their kind: the second `Conv2D` of the file is the second `Conv2D` of the model. So
//! `dense_7` and `dense_8` of a long Python session are `dense` and `dense_1`. Layers without
//! weights do not appear, and optimizers are left out. No shape is made to fit: every difference is
//! listed, and nothing is loaded.

mod archive;
mod expected;
mod legacy;
mod matching;
mod names;
mod stored;
mod version3;
mod write;

pub use write::save;

use super::{Difference, WeightsError};
use crate::element::Dtype;
use crate::error::{Error, Result};
use crate::layer::LayerData;
use crate::model::Model;
use matching::{compare, pairs};
use std::path::Path;
use stored::StoredLayer;

/// Reads a model's weights from a file of Keras.
///
/// ```no_run
/// # fn load<Fashion: kerust_core::model::Model>() -> kerust_core::Result<()> {
/// use kerust_core::weights;
///
/// let model = weights::keras::load::<Fashion>("fashion.keras")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The file cannot be read, is damaged or of another kind, or does not fit `M`: one error lists all
/// differences.
pub fn load<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    load_into(&mut *model, path)?;
    Ok(model)
}

/// [`load`] into a model that is there already.
///
/// # Errors
/// As [`load`]; the model is then as before.
pub fn load_into<M: Model>(model: &mut M, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let stored = read(path)?;
    let expected = expected::layers::<M>();
    let pairs = pairs(&expected, &stored);
    let (copies, differences) = compare(&expected, &stored, &pairs);
    if !differences.is_empty() {
        return Err(WeightsError::Mismatch {
            path: path.to_path_buf(),
            found: None,
            expected: Some(M::NAME),
            differences,
        }
        .into());
    }
    let target = LayerData::as_mut_slice(model);
    for copy in copies {
        target[copy.start..copy.start + copy.values.len()].copy_from_slice(copy.values);
    }
    Ok(())
}

/// A tensor of a layer in a file of Keras.
#[derive(Clone, PartialEq, Debug)]
pub struct FileTensor {
    /// Where it stands in the file, as h5py shows it: `layers/dense/vars/0`,
    /// `model_weights/dense/dense/kernel:0`.
    pub path: String,
    /// Its sizes.
    pub sizes: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f32>,
}

/// All tensors of the layers in a file of Keras, whatever the model.
///
/// The order is that of the layers where the file says (Keras 2), else by kind and number.
///
/// # Errors
/// The file cannot be read, is damaged or of another kind, or holds other elements than `F32`.
pub fn tensors(path: impl AsRef<Path>) -> Result<Vec<FileTensor>> {
    let path = path.as_ref();
    let (mut tensors, mut differences) = (Vec::new(), Vec::new());
    for tensor in read(path)?.into_iter().flat_map(|layer| layer.tensors) {
        match tensor.values {
            Ok(values) => tensors.push(FileTensor {
                path: tensor.path,
                sizes: tensor.sizes,
                values,
            }),
            Err(found) => differences.push(Difference::Dtype {
                name: tensor.path,
                stored: None,
                found,
                expected: Dtype::F32,
            }),
        }
    }
    if differences.is_empty() {
        return Ok(tensors);
    }
    Err(WeightsError::Mismatch {
        path: path.to_path_buf(),
        found: None,
        expected: None,
        differences,
    }
    .into())
}

/// The layers with weights that a file holds.
fn read(path: &Path) -> Result<Vec<StoredLayer>> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    Ok(archive::layers(path, bytes)?)
}
