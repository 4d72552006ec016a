//! Weights in Keras's files: HDF5, in the layouts that kerust shares with Keras.
//!
//! [`load`] reads files that Keras writes: `.weights.h5` and `.keras` of Keras 3, and the `.h5` of Keras 2,
//! with the whole model or only its weights. [`save`] writes a `.weights.h5` for Keras's
//! `model.load_weights`. [`tensors`] lists the contents of a file, without a model.
//!
//! # How layers are matched
//!
//! - Names that the user chose are used if they occur on both sides. The names that Keras generates
//!   (`dense_7`) are not, because they number the layers of a Python session in the order of creation.
//! - A `.keras` file, and the `.h5` file of a whole model, contains the model's graph. Its layers are matched
//!   with those of the model along the connections, whatever their order of creation or their order in the
//!   file.
//! - In other files the layers are in the order of Keras's `model.layers`, by their distance from the
//!   outputs. kerust computes that order for its own model: the second `Conv2D` in the file is the second
//!   `Conv2D` here, and a nested model is matched with a nested model. The inputs of a sum or a product can
//!   have another order in Keras, which changes the order of the layers. If the shapes allow both orders and
//!   the names do not confirm one, it is an error.
//! - A layer that remains ambiguous is an error that names both candidates.
//!
//! Layers without weights need not exist on both sides, and optimizers are ignored. `float16`, `bfloat16` and
//! `float64` are converted to `f32`. Shapes must match exactly: all differences are listed, and nothing is
//! loaded.

mod archive;
mod by_order;
mod compare;
mod config;
mod expected;
mod graph;
mod isomorphism;
mod legacy;
mod matching;
mod names;
mod stored;
mod version3;
mod walk;
mod write;

pub use write::save;

use super::partial::Sorted;
use super::{Difference, LoadReport, WeightsError};
use crate::element::Dtype;
use crate::error::Result;
use crate::layer::LayerData;
use crate::model::Model;
use compare::{Target, compare};
use matching::{pairs, pairs_by_name};
use std::path::Path;
use stored::Unread;

/// Loads a model's weights from a file of Keras.
///
/// ```no_run
/// # fn load<Fashion: kerust::model::Model>() -> kerust::Result<()> {
/// use kerust::weights;
///
/// let model = weights::keras::load::<Fashion>("fashion.keras")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Returns an error if the file cannot be read, is damaged or of another kind, or does not fit `M`: one error
/// lists all differences.
pub fn load<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    load_into(&mut *model, path)?;
    Ok(model)
}

/// Like [`load`], into an existing model.
///
/// # Errors
/// The same as [`load`]. The model is unchanged in that case.
pub fn load_into<M: Model>(model: &mut M, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let (stored, file_len) = archive::open(path)?;
    let (expected, graph) = expected::layers::<M>();
    let mismatch = |differences| WeightsError::Mismatch {
        path: path.to_path_buf(),
        found: None,
        expected: Some(M::NAME),
        differences,
    };
    let pairs =
        pairs(&expected, &graph, &stored).map_err(|difference| mismatch(vec![difference]))?;
    let (targets, differences) = compare(&expected, &stored.layers, &pairs);
    if !differences.is_empty() {
        return Err(mismatch(differences).into());
    }
    let (copies, differences) = read(path, file_len, &targets)?;
    if !differences.is_empty() {
        return Err(mismatch(differences).into());
    }
    copy(model, copies);
    Ok(())
}

/// Loads some of a model's weights from a file of Keras; see
/// [`load_partial_into`](super::load_partial_into).
pub(super) fn load_partial_into<M: Model>(
    model: &mut M,
    path: &Path,
    skip_mismatch: bool,
) -> Result<LoadReport> {
    let (stored, file_len) = archive::open(path)?;
    let (expected, _) = expected::layers::<M>();
    let pairs = pairs_by_name(&expected, &stored);
    let (targets, differences) = compare(&expected, &stored.layers, &pairs);
    let (copies, unread) = read(path, file_len, &targets)?;
    let mut sorted = Sorted::default();
    differences
        .into_iter()
        .chain(unread)
        .for_each(|difference| sorted.add(difference));
    let taken = targets.iter().filter(|target| {
        copies
            .iter()
            .any(|(start, _)| *start == target.tensor.start)
    });
    sorted.taken = taken
        .map(|target| {
            let name = target.layer.tensor_name(target.tensor);
            (name, target.tensor.sizes.to_vec())
        })
        .collect();
    let report = sorted.report::<M>(path, skip_mismatch)?;
    copy(model, copies);
    Ok(report)
}

/// Values, and their offset in the model.
type Copies = Vec<(usize, Vec<f32>)>;

/// Reads the values, and lists those that do not fit.
fn read(path: &Path, file_len: u64, targets: &[Target<'_>]) -> Result<(Copies, Vec<Difference>)> {
    let (mut copies, mut differences) = (Vec::new(), Vec::new());
    for target in targets {
        match target.stored.read(file_len) {
            Ok(values) if values.len() == target.tensor.len => {
                copies.push((target.tensor.start, values))
            }
            // The shape and the values in the file do not match each other.
            Ok(values) => differences.push(Difference::Shape {
                name: target.layer.tensor_name(target.tensor),
                stored: Some(target.stored.path.clone()),
                found: vec![values.len()],
                expected: target.tensor.sizes.to_vec(),
            }),
            Err(Unread::Element(found)) => differences.push(Difference::Dtype {
                name: target.layer.tensor_name(target.tensor),
                stored: Some(target.stored.path.clone()),
                found,
                expected: Dtype::F32,
            }),
            Err(Unread::Fault(found)) => return Err(fault(path, found).into()),
        }
    }
    Ok((copies, differences))
}

fn copy<M: Model>(model: &mut M, copies: Copies) {
    let values_of_model = LayerData::as_mut_slice(model);
    for (start, values) in copies {
        values_of_model[start..start + values.len()].copy_from_slice(&values);
    }
}

fn fault(path: &Path, found: String) -> WeightsError {
    WeightsError::NotKeras {
        path: path.to_path_buf(),
        found,
    }
}

/// A tensor of a layer in a file of Keras.
#[derive(Clone, PartialEq, Debug)]
pub struct FileTensor {
    /// Its path in the file, as in h5py: `layers/dense/vars/0`, `model_weights/dense/dense/kernel:0`.
    pub path: String,
    /// Its sizes.
    pub sizes: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f32>,
}

/// Lists all tensors of the layers in a file of Keras, for any model.
///
/// The order is that of the layers if the file contains it (Keras 2), otherwise by kind and number.
///
/// # Errors
/// Returns an error if the file cannot be read, is damaged or of another kind, or contains elements that
/// cannot be converted to `f32`.
pub fn tensors(path: impl AsRef<Path>) -> Result<Vec<FileTensor>> {
    let path = path.as_ref();
    let (mut tensors, mut differences) = (Vec::new(), Vec::new());
    let (stored, file_len) = archive::open(path)?;
    for tensor in stored.layers.into_iter().flat_map(|layer| layer.tensors) {
        match tensor.read(file_len) {
            Ok(values) => tensors.push(FileTensor {
                path: tensor.path,
                sizes: tensor.sizes,
                values,
            }),
            Err(Unread::Element(found)) => differences.push(Difference::Dtype {
                name: tensor.path,
                stored: None,
                found,
                expected: Dtype::F32,
            }),
            Err(Unread::Fault(found)) => return Err(fault(path, found).into()),
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
