//! Writes a `.weights.h5` that Keras 3 can load.

use super::expected::{self, ExpectedLayer};
use super::graph::Graph;
use super::names::group_of;
use super::stored::COUNTING;
use crate::error::{Error, Result};
use crate::layer::LayerData;
use crate::model::Model;
use crate::weights::write_atomically;
use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

/// The kind of layer whose weights are scalars in Keras.
const SCALARS: &str = "attention";

/// The extension of files from which Keras loads weights.
const ENDING: &str = ".weights.h5";
/// The attribute that marks a file as written by kerust. Keras ignores it.
pub(super) const MARK: &str = "kerust_version";

/// Writes a model's weights as Keras's `model.save_weights` does.
///
/// Keras's `model.load_weights` accepts the file for a model with the same layers and the same connections.
/// Names are not compared, but the order of a sum's inputs matters. A nested model is written like a
/// `Functional` of Keras. The file is written atomically, and the same weights give the same bytes.
///
/// # Errors
/// Returns an error if `path` does not end in `.weights.h5`, as Keras requires, or the file cannot be
/// written. An existing file is then unchanged.
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
    let (expected, graph) = expected::layers::<M>();
    let mut file = FileBuilder::new();
    file.set_attr(
        MARK,
        AttrValue::VarLenString(env!("CARGO_PKG_VERSION").to_owned()),
    );
    let mut layers = file.create_group("layers");
    add_layers(&mut layers, &graph, &expected, LayerData::as_slice(model));
    file.add_group(layers.finish());
    let mut vars = file.create_group("vars");
    name(&mut vars, M::NAME);
    file.add_group(vars.finish());
    file.finish()
}

/// Adds a group for each layer with weights, named by its kind and its number in Keras's `model.layers`.
/// Layers without weights are included in the numbering.
fn add_layers(group: &mut GroupBuilder, graph: &Graph, expected: &[ExpectedLayer], values: &[f32]) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for layer in graph.keras_order() {
        let node = &graph.layers[layer];
        let kind = match node.inside {
            Some(_) => "functional",
            None => node.kind.as_str(),
        };
        let count = counts.entry(kind).or_default();
        let mut layer = group.create_group(&match *count {
            0 => kind.to_owned(),
            number => format!("{kind}_{number}"),
        });
        *count += 1;
        match (&node.inside, node.weights) {
            (Some(inside), _) => {
                let mut layers = layer.create_group("layers");
                add_layers(&mut layers, inside, expected, values);
                layer.add_group(layers.finish());
                let mut vars = layer.create_group("vars");
                name(&mut vars, &node.name);
                layer.add_group(vars.finish());
            }
            (None, Some(weights)) => {
                let tensors = expected[weights].tensors.iter();
                let has_scalars = node.kind == SCALARS;
                let mut groups = Inside {
                    counts: node.kind == COUNTING,
                    ..Inside::default()
                };
                for tensor in tensors {
                    let values = &values[tensor.start..tensor.start + tensor.len];
                    let sizes = if has_scalars { &[] } else { tensor.sizes };
                    groups.add(group_of(&node.kind, &tensor.group), (sizes, values));
                }
                groups.write(&mut layer, Some(&node.name));
            }
            (None, None) => continue,
        }
        group.add_group(layer.finish());
    }
}

/// The tensors of a layer, and of its inner layers.
#[derive(Default)]
struct Inside<'a> {
    /// Whether Keras stores a count after them.
    counts: bool,
    tensors: Vec<(&'a [usize], &'a [f32])>,
    groups: BTreeMap<String, Inside<'a>>,
}

impl<'a> Inside<'a> {
    /// Adds a tensor under the names in `path`.
    fn add(&mut self, path: Cow<'_, str>, tensor: (&'a [usize], &'a [f32])) {
        let names = path.split('/').filter(|name| !name.is_empty());
        let inside = names.fold(self, |inside, name| {
            inside.groups.entry(name.to_owned()).or_default()
        });
        inside.tensors.push(tensor);
    }

    fn write(&self, layer: &mut GroupBuilder, given: Option<&str>) {
        let mut vars = layer.create_group("vars");
        if let Some(given) = given {
            name(&mut vars, given);
        }
        for (place, (sizes, values)) in self.tensors.iter().enumerate() {
            let sizes: Vec<_> = sizes.iter().map(|size| *size as u64).collect();
            vars.create_dataset(&place.to_string())
                .with_f32_data(values)
                .with_shape(&sizes);
        }
        if self.counts {
            vars.create_dataset(&self.tensors.len().to_string())
                .with_i32_data(&[0])
                .with_shape(&[]);
        }
        layer.add_group(vars.finish());
        for (name, inside) in &self.groups {
            let mut group = layer.create_group(name);
            inside.write(&mut group, None);
            layer.add_group(group.finish());
        }
    }
}

fn name(vars: &mut GroupBuilder, name: &str) {
    vars.set_attr("name", AttrValue::VarLenString(name.to_owned()));
}
