//! Writing a `.weights.h5` that Keras 3 loads.

use super::expected::kind;
use super::names::snake_case;
use crate::error::{Error, Result};
use crate::layer::{LayerData, Layout, Part};
use crate::model::{LayerInfo, Model};
use crate::weights::write_atomically;
use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use std::io;
use std::path::Path;

/// The end of the names from which Keras loads weights.
const ENDING: &str = ".weights.h5";

/// Writes a model's weights as Keras's `model.save_weights` does.
///
/// Keras's `model.load_weights` takes the file for a model of the same layers in the same order;
/// their names do not matter to it. A model inside the model is written as Keras writes a
/// `Functional`. The file is never half written, and the same weights give the same bytes.
///
/// # Errors
/// `path` does not end in `.weights.h5`, as Keras wants it, or the system refuses; the file is then
/// as before.
pub fn save<M: Model>(path: impl AsRef<Path>, model: &M) -> Result<()> {
    let path = path.as_ref();
    if !path.to_string_lossy().ends_with(ENDING) {
        let message = format!("Keras loads weights only from names that end in `{ENDING}`");
        let error = io::Error::new(io::ErrorKind::InvalidInput, message);
        return Err(Error::io("write", path)(error));
    }
    let bytes = file::<M>(model).map_err(io::Error::other);
    write_atomically(path, |file| file.write_all(&bytes?))
}

fn file<M: Model>(model: &M) -> std::result::Result<Vec<u8>, hdf5_pure::Error> {
    let mut file = FileBuilder::new();
    let mut layers = file.create_group("layers");
    if let Layout::Parts(parts) = M::LAYOUT {
        add_layers(&mut layers, parts, M::LAYERS, LayerData::as_slice(model));
    }
    file.add_group(layers.finish());
    let mut vars = file.create_group("vars");
    name(&mut vars, M::NAME);
    file.add_group(vars.finish());
    file.finish()
}

/// Adds a group for each field with weights.
fn add_layers(
    group: &mut GroupBuilder,
    fields: &'static [Part],
    infos: &[LayerInfo],
    mut values: &[f32],
) {
    let mut used = Vec::new();
    for field in fields {
        let (own, rest) = values.split_at(field.layout.len());
        values = rest;
        if own.is_empty() {
            continue;
        }
        let kind = match is_container(field) {
            true => "functional".to_owned(),
            false => kind(&[field.name], infos),
        };
        let before = used.iter().filter(|other| **other == kind).count();
        let number = number(field.name, &kind, infos).unwrap_or(before);
        let mut layer = group.create_group(&match number {
            0 => kind.clone(),
            number => format!("{kind}_{number}"),
        });
        used.push(kind);
        add_layer(&mut layer, field, own);
        group.add_group(layer.finish());
    }
}

/// The number of layers of a kind before this one, those without weights included.
fn number(name: &str, kind: &str, infos: &[LayerInfo]) -> Option<usize> {
    let place = infos.iter().position(|info| info.name == name)?;
    let mut same: Vec<_> = infos[..place]
        .iter()
        .filter(|info| snake_case(info.kind) == kind)
        .map(|info| info.name)
        .collect();
    // A layer that is used twice is one layer.
    same.sort_unstable();
    same.dedup();
    Some(same.len())
}

fn add_layer(layer: &mut GroupBuilder, field: &'static Part, values: &[f32]) {
    let mut vars = layer.create_group("vars");
    name(&mut vars, field.name);
    match field.layout {
        Layout::Tensor(_, sizes) => add_tensor(&mut vars, 0, sizes, values),
        Layout::Parts(parts) if is_container(field) => {
            let mut layers = layer.create_group("layers");
            add_layers(&mut layers, parts, &[], values);
            layer.add_group(layers.finish());
        }
        Layout::Parts(parts) => {
            let mut place = 0;
            let (mut trained, mut state) = (Vec::new(), Vec::new());
            for part in parts {
                let len = part.layout.len();
                let tensor = (part.layout, &values[place..place + len]);
                place += len;
                match part.trainable {
                    _ if len == 0 => {}
                    true => trained.push(tensor),
                    false => state.push(tensor),
                }
            }
            // Keras's order: what is trained, then what is not.
            for (place, (layout, values)) in trained.into_iter().chain(state).enumerate() {
                if let Layout::Tensor(_, sizes) = layout {
                    add_tensor(&mut vars, place, sizes, values);
                }
            }
        }
    }
    layer.add_group(vars.finish());
}

/// Whether a field is a model with layers of its own.
fn is_container(field: &Part) -> bool {
    match field.layout {
        Layout::Tensor(..) => false,
        Layout::Parts(parts) => {
            let is_layer = |part: &Part| matches!(part.layout, Layout::Parts(_));
            parts.iter().any(is_layer)
        }
    }
}

fn add_tensor(vars: &mut GroupBuilder, place: usize, sizes: &[usize], values: &[f32]) {
    let sizes: Vec<_> = sizes.iter().map(|size| *size as u64).collect();
    vars.create_dataset(&place.to_string())
        .with_f32_data(values)
        .with_shape(&sizes);
}

fn name(vars: &mut GroupBuilder, name: &str) {
    vars.set_attr("name", AttrValue::VarLenString(name.to_owned()));
}
