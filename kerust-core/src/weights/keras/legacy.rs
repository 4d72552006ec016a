//! The `.h5` of Keras 2, which Keras 3 still writes: groups and tensors by name, in the order of the
//! attributes `layer_names` and `weight_names`.

use super::names::{numbered, snake_case};
use super::stored::{StoredLayer, StoredTensor};
use hdf5_pure::{Error, File, Group};
use serde_json::Value;
use std::collections::BTreeMap;

/// The group of the weights in a file that holds a whole model.
const WHOLE: &str = "model_weights";

/// Whether a file is of this kind.
pub(super) fn is_legacy(file: &File) -> Result<bool, Error> {
    let root = file.root();
    Ok(root.groups()?.iter().any(|group| group == WHOLE)
        || strings(&root, "layer_names")?.is_some())
}

pub(super) fn layers(file: &File) -> Result<Vec<StoredLayer>, Error> {
    let root = file.root();
    let is_whole = root.groups()?.iter().any(|group| group == WHOLE);
    let (weights, path) = match is_whole {
        true => (root.group(WHOLE)?, format!("{WHOLE}/")),
        false => (root.clone(), String::new()),
    };
    let mut kinds = BTreeMap::new();
    if let Some(config) = root.attrs()?.get("model_config").and_then(|c| c.as_str()) {
        collect_kinds(
            &serde_json::from_str(config).unwrap_or_default(),
            &mut kinds,
        );
    }
    let mut layers: Vec<StoredLayer> = Vec::new();
    for layer in strings(&weights, "layer_names")?.unwrap_or_default() {
        let group = weights.group(&layer)?;
        let first = layers.len();
        for weight in strings(&group, "weight_names")?.unwrap_or_default() {
            let names = names(&layer, &weight);
            let name = weight.rsplit('/').next().unwrap_or(&weight);
            let name = name.split(':').next().unwrap_or(name).to_owned();
            let dataset = group.dataset(&weight)?;
            let tensor =
                StoredTensor::read(&dataset, format!("{path}{layer}/{weight}"), Some(name))?;
            match layers[first..]
                .iter_mut()
                .find(|layer| layer.names == names)
            {
                Some(layer) => layer.tensors.push(tensor),
                None => layers.push(StoredLayer {
                    kind: match kinds.get(names[names.len() - 1].as_str()) {
                        Some(kind) => snake_case(kind),
                        None => numbered(&names[names.len() - 1]).0.to_owned(),
                    },
                    names,
                    tensors: vec![tensor],
                }),
            }
        }
    }
    Ok(layers)
}

/// A layer's name behind that of the model it stands in: the weight `block/dense/kernel:0` of the
/// group `block` belongs to `dense` in `block`.
fn names(layer: &str, weight: &str) -> Vec<String> {
    let inner = weight.rsplit('/').nth(1).filter(|inner| *inner != layer);
    let names = [Some(layer), inner].into_iter().flatten();
    names.map(str::to_owned).collect()
}

/// The class of every layer that is named in a model's configuration.
fn collect_kinds(config: &Value, kinds: &mut BTreeMap<String, String>) {
    match config {
        Value::Object(members) => {
            let class = members.get("class_name").and_then(Value::as_str);
            let name = config.pointer("/config/name").and_then(Value::as_str);
            if let (Some(class), Some(name)) = (class, name) {
                kinds.insert(name.to_owned(), class.to_owned());
            }
            members
                .values()
                .for_each(|value| collect_kinds(value, kinds));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_kinds(value, kinds)),
        _ => {}
    }
}

/// An attribute of strings. Keras cuts a long one into `weight_names0`, `weight_names1`, ..
fn strings(group: &Group, attribute: &str) -> Result<Option<Vec<String>>, Error> {
    let attributes = group.attrs()?;
    if let Some(value) = attributes.get(attribute) {
        // An empty list has numbers as elements.
        return Ok(Some(value.as_strings().unwrap_or_default().to_vec()));
    }
    let parts = (0..).map_while(|part| attributes.get(&format!("{attribute}{part}")));
    let parts: Vec<_> = parts.filter_map(|part| part.as_strings()).collect();
    Ok((!parts.is_empty()).then(|| parts.concat()))
}
