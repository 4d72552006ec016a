//! The layers and tensors of a model, in Keras's terms.

use super::graph::{Call, Graph, Node, Value};
use super::names::{activations, keeps_activations, numbered, snake_case};
use crate::layer::{Layout, Part};
use crate::model::{self, LayerInfo, Model, Source};

/// A layer with weights of a model.
#[derive(Clone, Debug)]
pub(super) struct ExpectedLayer {
    /// The name of its field, after those of the models that contain it.
    pub(super) names: Vec<&'static str>,
    /// Its kind in Keras's spelling: `batch_normalization`.
    pub(super) kind: String,
    /// Its tensors in Keras's order: trainable ones first.
    pub(super) tensors: Vec<ExpectedTensor>,
}

/// A tensor of a model.
#[derive(Clone, Debug)]
pub(super) struct ExpectedTensor {
    /// The fields inside of the layer on the path to the tensor, joined by `/`.
    pub(super) group: String,
    /// Its name. Empty if the layer is a single array.
    pub(super) name: &'static str,
    pub(super) sizes: &'static [usize],
    /// The offset of its values in the model.
    pub(super) start: usize,
    pub(super) len: usize,
    trainable: bool,
}

impl ExpectedLayer {
    /// `block.dense`.
    pub(super) fn full_name(&self) -> String {
        self.names.join(".")
    }

    /// `block.dense.kernel`.
    pub(super) fn tensor_name(&self, tensor: &ExpectedTensor) -> String {
        let names = self.names.iter().copied().chain(tensor.group.split('/'));
        let names = names.chain([tensor.name]).filter(|name| !name.is_empty());
        names.collect::<Vec<_>>().join(".")
    }

    /// Its name in the model that contains it.
    pub(super) fn name(&self) -> &'static str {
        self.names[self.names.len() - 1]
    }
}

/// The layers with weights of a model, and their graph.
pub(super) fn layers<M: Model>() -> (Vec<ExpectedLayer>, Graph) {
    let mut layers = Vec::new();
    let parts = match M::LAYOUT {
        Layout::Parts(parts) => parts,
        Layout::Tensor(..) => &[],
    };
    let graph = level(&[], parts, M::GRAPH, M::LAYERS, &mut 0, &mut layers);
    (layers, graph)
}

/// The graph of a model with the fields `parts`. Their layers are appended to `layers`.
fn level(
    above: &[&'static str],
    parts: &'static [Part],
    graph: Option<&'static model::Graph>,
    infos: &'static [LayerInfo],
    place: &mut usize,
    layers: &mut Vec<ExpectedLayer>,
) -> Graph {
    let mut nodes: Vec<Node> = infos.iter().map(node).collect();
    for part in parts {
        let number = infos.iter().position(|info| info.name == part.name);
        let number = number.unwrap_or_else(|| {
            nodes.push(Node {
                name: part.name.to_owned(),
                kind: numbered(part.name).0.to_owned(),
                activations: Vec::new(),
                weights: None,
                inside: None,
            });
            nodes.len() - 1
        });
        let names = [above, &[part.name]].concat();
        let inside = graph.and_then(|graph| *graph.inside.get(number)?);
        if let Some(inner) = inner_parts(part, inside.is_some(), graph.is_some()) {
            let infos = inside.map_or(&[][..], |inside| inside.layers);
            nodes[number].inside = Some(level(&names, inner, inside, infos, place, layers));
            continue;
        }
        let mut tensors = Vec::new();
        collect("", part, true, place, &mut tensors);
        if tensors.is_empty() {
            continue;
        }
        nodes[number].weights = Some(layers.len());
        layers.push(ExpectedLayer {
            names,
            kind: nodes[number].kind.clone(),
            tensors,
        });
    }
    connected(nodes, graph, infos)
}

/// A layer from the model's list.
fn node(info: &LayerInfo) -> Node {
    let kind = snake_case(info.kind);
    Node {
        name: info.name.to_owned(),
        activations: match keeps_activations(&kind) {
            true => Vec::new(),
            false => activations(info.declared),
        },
        kind,
        weights: None,
        inside: None,
    }
}

/// The fields of a nested model. If the graph is unknown, a layer that contains structs is treated as a
/// model.
fn inner_parts(part: &Part, is_model: bool, is_known: bool) -> Option<&'static [Part]> {
    let Layout::Parts(parts) = part.layout else {
        return None;
    };
    let is_struct = |part: &Part| matches!(part.layout, Layout::Parts(_));
    (is_model || (!is_known && parts.iter().any(is_struct))).then_some(parts)
}

/// Appends the tensors of a layer's field. In each struct the trainable ones come first, as in Keras.
fn collect(
    group: &str,
    field: &'static Part,
    trainable: bool,
    place: &mut usize,
    tensors: &mut Vec<ExpectedTensor>,
) {
    let mut tensor = |name, sizes: &'static [usize], trainable, place: &mut usize| {
        let (start, len) = (*place, sizes.iter().product());
        *place += len;
        if len > 0 {
            tensors.push(ExpectedTensor {
                group: group.to_owned(),
                name,
                sizes,
                start,
                len,
                trainable,
            });
        }
    };
    let trainable = trainable && field.trainable;
    let mut inner = Vec::new();
    match field.layout {
        Layout::Tensor(_, sizes) => tensor("", sizes, trainable, place),
        Layout::Parts(parts) => {
            for part in parts {
                match part.layout {
                    Layout::Tensor(_, sizes) => {
                        tensor(part.name, sizes, trainable && part.trainable, place);
                    }
                    Layout::Parts(_) => {
                        inner.push((part, *place));
                        *place += part.layout.len();
                    }
                }
            }
        }
    }
    // A stable sort, which keeps the order among the trainable ones and among the others.
    tensors.sort_by_key(|tensor| !tensor.trainable);
    for (part, mut start) in inner {
        let group = match group {
            "" => part.name.to_owned(),
            group => format!("{group}/{}", part.name),
        };
        let mut inside = Vec::new();
        collect(&group, part, trainable, &mut start, &mut inside);
        tensors.extend(inside);
    }
}

/// The graph of the layers. Without information about the connections it is a chain.
fn connected(
    nodes: Vec<Node>,
    graph: Option<&'static model::Graph>,
    infos: &'static [LayerInfo],
) -> Graph {
    let value = |source: &Source| match *source {
        Source::Input(number) => Value::Input(number),
        Source::Layer(number) => Value::Call(number, 0),
    };
    if let Some(graph) = graph {
        let calls = graph.calls.iter().map(|call| Call {
            layer: call.layer,
            inputs: call.inputs.iter().map(value).collect(),
        });
        return Graph {
            layers: nodes,
            calls: calls.collect(),
            outputs: graph.outputs.iter().map(value).collect(),
        };
    }
    let is_said = infos.len() == nodes.len() && infos.iter().all(|info| !info.sources.is_empty());
    let inputs = |number: usize| match number {
        _ if is_said => infos[number].sources.iter().map(value).collect(),
        0 => vec![Value::Input(0)],
        number => vec![Value::Call(number - 1, 0)],
    };
    let calls: Vec<_> = (0..nodes.len())
        .map(|layer| Call {
            layer,
            inputs: inputs(layer),
        })
        .collect();
    let is_read = |number: usize| {
        calls
            .iter()
            .any(|call| call.inputs.contains(&Value::Call(number, 0)))
    };
    let outputs = (0..nodes.len()).filter(|number| !is_read(*number));
    Graph {
        outputs: outputs.map(|number| Value::Call(number, 0)).collect(),
        calls,
        layers: nodes,
    }
}
