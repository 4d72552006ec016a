//! The `.h5` format of Keras 2, which Keras 3 can still write: groups and tensors with names, in the order of
//! the attributes `layer_names` and `weight_names`.
//!
//! A nested model is one group, in which the tensors' names are prefixed with the names of their layers.
//! Trainable tensors come first, so that the order of the layers is lost if some are frozen.

use super::graph::{Graph, Node};
use super::names::numbered;
use super::stored::{StoredLayer, StoredTensor, fault};
use super::walk::{Walk, attributes};
use hdf5_pure::{AttrValue, File, Group};
use std::collections::HashMap;

/// The group of the weights in a file with a whole model.
const WHOLE: &str = "model_weights";

/// The root of a file, and its groups by name.
pub(super) struct Legacy {
    attributes: HashMap<String, AttrValue>,
    weights: HashMap<String, AttrValue>,
    groups: HashMap<String, Group>,
    path: &'static str,
}

impl Legacy {
    /// Opens the file, if it has this format.
    pub(super) fn open(file: &File, walk: &mut Walk) -> Result<Option<Self>, String> {
        let root = file.root();
        let attributes_of_root = attributes(&root, "/")?;
        let mut groups: HashMap<_, _> = walk.groups(&root, "")?.into_iter().collect();
        let (weights, path) = match groups.remove(WHOLE) {
            Some(whole) => {
                groups = walk.groups(&whole, "model_weights/")?.into_iter().collect();
                (attributes(&whole, WHOLE)?, "model_weights/")
            }
            None => (attributes_of_root.clone(), ""),
        };
        let legacy = Self {
            attributes: attributes_of_root,
            weights,
            groups,
            path,
        };
        let is_legacy =
            !legacy.path.is_empty() || strings(&legacy.weights, "layer_names").is_some();
        Ok(is_legacy.then_some(legacy))
    }

    /// The model's configuration in JSON, if the file contains it.
    pub(super) fn config(&self) -> Option<&str> {
        self.attributes
            .get("model_config")
            .and_then(|config| config.as_str())
    }

    /// The layers with weights in the order of the file, and the tree of all layers. If a graph is given, the
    /// weights are assigned to its layers.
    pub(super) fn layers(
        &self,
        mut graph: Option<&mut Graph>,
        walk: &mut Walk,
    ) -> Result<(Vec<StoredLayer>, Graph), String> {
        let (mut layers, mut nodes) = (Vec::new(), Vec::new());
        for name in strings(&self.weights, "layer_names").unwrap_or_default() {
            let path = format!("{}{name}", self.path);
            let Some(group) = self.groups.get(&name) else {
                return Err(fault(
                    &path,
                    "`layer_names` names a layer that is not there",
                ));
            };
            let weights = strings(&attributes(group, &path)?, "weight_names").unwrap_or_default();
            walk.take(weights.len() + 1, &path)?;
            let mut tensors = Vec::new();
            for (number, weight) in weights.iter().enumerate() {
                let path = format!("{path}/{weight}");
                let dataset = group.dataset(weight).map_err(|error| fault(&path, error))?;
                let mut tensor = tensor(dataset, path, &name, weight)?;
                tensor.number = number;
                tensors.push(tensor);
            }
            let mut known = graph.as_deref_mut().map(|graph| graph.layers.iter_mut());
            let known = known
                .as_mut()
                .and_then(|nodes| nodes.find(|node| node.name == name));
            let mut node = Node {
                kind: known
                    .as_ref()
                    .map_or(numbered(&name).0, |node| &node.kind)
                    .to_owned(),
                name: name.clone(),
                activations: Vec::new(),
                weights: None,
                inside: None,
            };
            let has_groups = tensors.iter().any(|it| !it.group.is_empty());
            match known.map(|node| (node.inside.as_mut(), &mut node.weights)) {
                Some((Some(graph), _)) => {
                    node.inside = Some(inside(&name, &path, tensors, Some(graph), &mut layers));
                }
                None if has_groups && !is_made_of_layers(&node.kind) => {
                    node.inside = Some(inside(&name, &path, tensors, None, &mut layers));
                }
                _ if tensors.is_empty() => {}
                known => {
                    node.weights = Some(layers.len());
                    if let Some((_, weights)) = known {
                        *weights = node.weights;
                    }
                    layers.push(StoredLayer {
                        names: vec![name],
                        path,
                        kind: node.kind.clone(),
                        tensors,
                    });
                }
            }
            nodes.push(node);
        }
        let tree = Graph {
            layers: nodes,
            ..Graph::default()
        };
        Ok((layers, tree))
    }
}

/// Whether layers of this kind consist of other layers with tensors.
fn is_made_of_layers(kind: &str) -> bool {
    const KINDS: [&str; 6] = [
        "bidirectional",
        "gru",
        "lstm",
        "multi_head_attention",
        "simple_rnn",
        "time_distributed",
    ];
    KINDS.contains(&kind)
}

/// A tensor: `block/dense/kernel:0` of the group `block` is `kernel` of its layer `dense`.
fn tensor(
    dataset: hdf5_pure::Dataset,
    path: String,
    layer: &str,
    weight: &str,
) -> Result<StoredTensor, String> {
    let mut parts: Vec<&str> = weight.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let name = name.split(':').next().unwrap_or(name).to_owned();
    // The prefix before the layer is the model in which it was built.
    let group = match parts.iter().rposition(|part| *part == layer) {
        Some(own) => parts.split_off(own + 1),
        None => parts,
    };
    StoredTensor::new(dataset, path, group.join("/"), Some(name))
}

/// The layers of a nested model, as far as the names of their tensors reveal them. If a graph is given, the
/// weights are assigned to its layers.
fn inside(
    model: &str,
    path: &str,
    tensors: Vec<StoredTensor>,
    graph: Option<&mut Graph>,
    layers: &mut Vec<StoredLayer>,
) -> Graph {
    let mut known = Vec::new();
    if let Some(graph) = graph {
        leaves(&mut Vec::new(), graph, &mut known);
    }
    let mut nodes: Vec<(String, Node)> = Vec::new();
    for mut tensor in tensors {
        let parts: Vec<&str> = tensor.group.split('/').collect();
        let place = place(&parts, &known);
        let end = place.map_or(parts.len(), |(_, own)| own + 1);
        let (group, rest) = (parts[..end].join("/"), parts[end..].join("/"));
        tensor.group = rest;
        if let Some((_, node)) = nodes.iter().find(|(other, _)| *other == group) {
            layers[node.weights.unwrap_or_default()]
                .tensors
                .push(tensor);
            continue;
        }
        let name = group.rsplit('/').next().unwrap_or(&group).to_owned();
        let mut node = Node {
            kind: numbered(&name).0.to_owned(),
            name,
            activations: Vec::new(),
            weights: Some(layers.len()),
            inside: None,
        };
        let mut names = vec![model.to_owned()];
        if let Some((leaf, _)) = place {
            let (above, of_graph) = &mut known[leaf];
            names.append(&mut above.clone());
            node.kind.clone_from(&of_graph.kind);
            of_graph.weights = node.weights;
        }
        names.push(node.name.clone());
        layers.push(StoredLayer {
            names,
            path: format!("{path}/{group}"),
            kind: node.kind.clone(),
            tensors: vec![tensor],
        });
        nodes.push((group, node));
    }
    Graph {
        layers: nodes.into_iter().map(|(_, node)| node).collect(),
        ..Graph::default()
    }
}

/// A layer that is not a model, and the names of the models that contain it.
type Leaf<'a> = (Vec<String>, &'a mut Node);

/// The layers of a graph, including those in nested models.
fn leaves<'a>(above: &mut Vec<String>, graph: &'a mut Graph, leaves_of: &mut Vec<Leaf<'a>>) {
    for node in &mut graph.layers {
        if node.inside.is_none() {
            leaves_of.push((above.clone(), node));
        } else if let Some(inside) = &mut node.inside {
            above.push(node.name.clone());
            leaves(above, inside, leaves_of);
            above.pop();
        }
    }
}

/// The layer to which a tensor in these groups belongs, and which of the groups is the layer's. If several
/// layers have the name, it is the one whose models precede it.
fn place(groups: &[&str], known: &[Leaf<'_>]) -> Option<(usize, usize)> {
    let own = groups
        .iter()
        .position(|group| known.iter().any(|(_, node)| node.name == *group))?;
    let namesakes = known
        .iter()
        .enumerate()
        .filter(|(_, (_, node))| node.name == groups[own]);
    let agreed = |above: &[String]| {
        let before = groups[..own].iter().rev();
        before
            .zip(above.iter().rev())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let mut best: Vec<(usize, usize)> = namesakes
        .map(|(leaf, (above, _))| (agreed(above), leaf))
        .collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    match best[..] {
        [(first, _), (second, _), ..] if first == second => None,
        [(_, leaf), ..] => Some((leaf, own)),
        [] => None,
    }
}

/// The tree with the layers of each nested model sorted by the numbers in their names, if that changes the
/// order: frozen layers come after the others.
pub(super) fn by_number(tree: &Graph) -> Option<Graph> {
    let mut sorted = tree.clone();
    let mut is_another = false;
    for node in &mut sorted.layers {
        let Some(inside) = &mut node.inside else {
            continue;
        };
        let falls = |pair: &[Node]| {
            let [a, b] = [&pair[0], &pair[1]].map(|node| numbered(&node.name));
            a.0 == b.0 && a.1 > b.1
        };
        let mut layers = inside.layers.clone();
        layers.sort_by(|a, b| numbered(&a.name).cmp(&numbered(&b.name)));
        let mut of_kind = inside.layers.clone();
        of_kind.sort_by(|a, b| numbered(&a.name).0.cmp(numbered(&b.name).0));
        is_another |= of_kind.windows(2).any(falls);
        inside.layers = layers;
    }
    is_another.then_some(sorted)
}

/// Whether layers in a nested model were frozen when it was saved: their tensors are then among the state of
/// the other layers, which is in the order of the layers.
pub(super) fn is_frozen(tree: &Graph, layers: &[StoredLayer]) -> bool {
    let models = tree.layers.iter().filter_map(|node| node.inside.as_ref());
    models.into_iter().any(|inside| {
        let places = inside.layers.iter().filter_map(|node| node.weights);
        let mut tensors: Vec<_> = places
            .flat_map(|place| {
                layers[place]
                    .tensors
                    .iter()
                    .map(move |tensor| (place, tensor))
            })
            .collect();
        tensors.sort_by_key(|(_, tensor)| tensor.number);
        let is_state = |tensor: &StoredTensor| {
            tensor
                .name
                .as_deref()
                .is_some_and(|name| name.starts_with("moving_"))
        };
        let (state, trained): (Vec<_>, Vec<_>) =
            tensors.iter().partition(|(_, tensor)| is_state(tensor));
        let first = state.first().map(|(_, tensor)| tensor.number);
        let order = |tensors: &[(usize, &StoredTensor)]| {
            let mut places: Vec<usize> = tensors.iter().map(|(place, _)| *place).collect();
            places.dedup();
            places
        };
        let of_state = order(&state);
        let mut of_trained = order(&trained);
        of_trained.retain(|place| of_state.contains(place));
        trained
            .iter()
            .any(|(_, tensor)| first.is_some_and(|first| first < tensor.number))
            || of_state != of_trained
    })
}

/// An attribute with a list of strings. Keras splits a long one into `weight_names0`, `weight_names1`, ..
fn strings(attributes: &HashMap<String, AttrValue>, name: &str) -> Option<Vec<String>> {
    if let Some(value) = attributes.get(name) {
        // An empty list has numbers as its element type.
        return Some(value.as_strings().unwrap_or_default().to_vec());
    }
    let parts = (0..).map_while(|part| attributes.get(&format!("{name}{part}")));
    let parts: Vec<_> = parts.filter_map(|part| part.as_strings()).collect();
    (!parts.is_empty()).then(|| parts.concat())
}
