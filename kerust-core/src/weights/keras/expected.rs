//! What a model expects of a file.

use super::names::{numbered, snake_case};
use crate::layer::{Layout, Part};
use crate::model::{LayerInfo, Model};

/// A layer with weights of a model.
#[derive(Clone, Debug)]
pub(super) struct ExpectedLayer {
    /// Its field's name, behind those of the fields that it stands in.
    pub(super) names: Vec<&'static str>,
    /// Its kind as Keras spells it: `batch_normalization`.
    pub(super) kind: String,
    /// Its tensors in Keras's order: what is trained, then what is not.
    pub(super) tensors: Vec<ExpectedTensor>,
}

/// A tensor of a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExpectedTensor {
    /// Its name in its layer; empty where the layer is one array.
    pub(super) name: &'static str,
    pub(super) sizes: &'static [usize],
    /// Where its values begin in the model.
    pub(super) start: usize,
    pub(super) len: usize,
    trainable: bool,
}

impl ExpectedLayer {
    /// `block.dense.kernel`.
    pub(super) fn full_name(&self, tensor: &ExpectedTensor) -> String {
        let names = self.names.iter().copied().chain([tensor.name]);
        names
            .filter(|name| !name.is_empty())
            .collect::<Vec<_>>()
            .join(".")
    }
}

pub(super) fn layers<M: Model>() -> Vec<ExpectedLayer> {
    let mut layers = Vec::new();
    let mut place = 0;
    if let Layout::Parts(parts) = M::LAYOUT {
        for part in parts {
            collect(&[], part, M::LAYERS, &mut place, &mut layers);
        }
    }
    for layer in &mut layers {
        // Stable: the order among the trained ones and among the others stays.
        layer.tensors.sort_by_key(|tensor| !tensor.trainable);
    }
    layers
}

/// Adds the layers in a field; a tensor belongs to the field that it stands in.
fn collect(
    above: &[&'static str],
    field: &'static Part,
    infos: &[LayerInfo],
    place: &mut usize,
    layers: &mut Vec<ExpectedLayer>,
) {
    let names = [above, &[field.name]].concat();
    let mut tensors = Vec::new();
    // The layer stands before those inside it, as in Keras.
    let index = layers.len();
    match field.layout {
        Layout::Tensor(_, sizes) => {
            let tensor = tensor("", sizes, field.trainable, place);
            tensors.extend(tensor);
        }
        Layout::Parts(parts) => {
            for part in parts {
                match part.layout {
                    Layout::Tensor(_, sizes) => {
                        let trainable = field.trainable && part.trainable;
                        tensors.extend(tensor(part.name, sizes, trainable, place));
                    }
                    Layout::Parts(_) => collect(&names, part, infos, place, layers),
                }
            }
        }
    }
    if !tensors.is_empty() {
        let kind = kind(&names, infos);
        let layer = ExpectedLayer {
            names,
            kind,
            tensors,
        };
        layers.insert(index, layer);
    }
}

/// A tensor with values.
fn tensor(
    name: &'static str,
    sizes: &'static [usize],
    trainable: bool,
    place: &mut usize,
) -> Option<ExpectedTensor> {
    let (start, len) = (*place, sizes.iter().product());
    *place += len;
    (len > 0).then_some(ExpectedTensor {
        name,
        sizes,
        start,
        len,
        trainable,
    })
}

/// The kind of a layer that the model knows by name, else what its name says.
pub(super) fn kind(names: &[&'static str], infos: &[LayerInfo]) -> String {
    let name = names.join(".");
    match infos.iter().find(|info| info.name == name) {
        Some(info) => snake_case(info.kind),
        None => numbered(names[names.len() - 1]).0.to_owned(),
    }
}
