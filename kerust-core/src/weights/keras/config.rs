//! The graph from a model's configuration: `config.json` of a `.keras`, `model_config` of a `.h5`.

use super::graph::{Call, Graph, Node, Value};
use super::names::{activation, keeps_activations, snake_case};
use serde_json::Value as Json;
use std::collections::HashMap;

/// A value in Keras: a layer's name, the index of its use, and the index of the output.
type History = (String, usize, usize);

/// The graph, if the configuration is that of a `Functional` or a `Sequential`.
pub(super) fn graph(text: &str) -> Option<Graph> {
    // serde_json limits the nesting to 128 levels.
    let config: Json = serde_json::from_str(text).ok()?;
    model(&config)
}

/// The graph of a model, or `None` for a layer that is not a model.
fn model(json: &Json) -> Option<Graph> {
    let config = json.get("config")?;
    let layers = match config {
        // Keras 2.2 and earlier.
        Json::Array(layers) => layers,
        config => config.get("layers")?.as_array()?,
    };
    let graph = match config.get("output_layers") {
        Some(outputs) => functional(config, layers, outputs)?,
        None => sequential(layers)?,
    };
    graph.is_sound().then_some(graph)
}

fn sequential(layers: &[Json]) -> Option<Graph> {
    let layers = layers
        .iter()
        .filter(|layer| class(layer) != Some("InputLayer"));
    let nodes: Option<Vec<Node>> = layers.map(node).collect();
    let nodes = nodes?;
    let value = |number: usize| match number {
        0 => Value::Input(0),
        number => Value::Call(number - 1, 0),
    };
    let calls = (0..nodes.len()).map(|layer| Call {
        layer,
        inputs: vec![value(layer)],
    });
    Some(Graph {
        calls: calls.collect(),
        outputs: vec![value(nodes.len())],
        layers: nodes,
    })
}

fn functional(config: &Json, layers: &[Json], outputs: &Json) -> Option<Graph> {
    let mut inputs = Vec::new();
    histories(config.get("input_layers")?, &mut inputs);
    let mut values: HashMap<(String, usize), Value> = HashMap::new();
    for (number, (name, use_number, _)) in inputs.into_iter().enumerate() {
        values.insert((name, use_number), Value::Input(number));
    }
    let (mut nodes, mut uses) = (Vec::new(), Vec::new());
    for layer in layers {
        if class(layer) == Some("InputLayer") {
            continue;
        }
        let name = name(layer)?;
        for (number, inbound) in layer.get("inbound_nodes")?.as_array()?.iter().enumerate() {
            let mut read = Vec::new();
            histories(inbound, &mut read);
            uses.push((nodes.len(), (name.to_owned(), number), read));
        }
        nodes.push(node(layer)?);
    }
    let mut ends = Vec::new();
    histories(outputs, &mut ends);
    let calls = in_order(uses, &mut values)?;
    let outputs: Option<Vec<Value>> = ends.iter().map(|end| value(end, &values)).collect();
    Some(Graph {
        layers: nodes,
        calls,
        outputs: outputs?,
    })
}

/// A use of a layer: the layer's index, the name and number by which others refer to it, and its inputs.
type Use = (usize, (String, usize), Vec<History>);

/// Sorts the uses so that each comes after its inputs. The file has them in the order of the layers, and a
/// layer that is used twice may read a later one.
fn in_order(uses: Vec<Use>, values: &mut HashMap<(String, usize), Value>) -> Option<Vec<Call>> {
    let (mut calls, mut rest) = (Vec::new(), uses);
    while !rest.is_empty() {
        let before = rest.len();
        let mut waiting = Vec::new();
        for (layer, key, read) in rest {
            let inputs: Option<Vec<Value>> = read.iter().map(|read| value(read, values)).collect();
            match inputs {
                Some(inputs) => {
                    values.insert(key, Value::Call(calls.len(), 0));
                    calls.push(Call { layer, inputs });
                }
                None => waiting.push((layer, key, read)),
            }
        }
        if waiting.len() == before {
            return None;
        }
        rest = waiting;
    }
    Some(calls)
}

fn value(
    (name, number, output): &History,
    values: &HashMap<(String, usize), Value>,
) -> Option<Value> {
    match *values.get(&(name.clone(), *number))? {
        Value::Call(call, _) => Some(Value::Call(call, *output)),
        input => Some(input),
    }
}

/// The values in the arguments of a use: `["dense", 0, 0]`, which Keras 3 wraps in more levels.
fn histories(json: &Json, found: &mut Vec<History>) {
    match json {
        Json::Array(items) => {
            if let [
                Json::String(name),
                Json::Number(number),
                Json::Number(output),
                rest @ ..,
            ] = &items[..]
            {
                let numbers =
                    [number, output].map(|number| number.as_u64().unwrap_or(u64::MAX) as usize);
                found.push((name.clone(), numbers[0], numbers[1]));
                rest.iter().for_each(|item| histories(item, found));
                return;
            }
            items.iter().for_each(|item| histories(item, found));
        }
        Json::Object(members) => {
            // Positional arguments come before keyword arguments.
            let first = ["args", "config", "keras_history"];
            let is_first = |name: &String| first.contains(&name.as_str());
            let in_front = members.iter().filter(|(name, _)| is_first(name));
            let behind = members.iter().filter(|(name, _)| !is_first(name));
            in_front
                .chain(behind)
                .for_each(|(_, item)| histories(item, found));
        }
        _ => {}
    }
}

fn class(layer: &Json) -> Option<&str> {
    let class = layer.get("class_name")?.as_str()?;
    class.rsplit('>').next()
}

fn name(layer: &Json) -> Option<&str> {
    let name = layer.get("name").or_else(|| layer.pointer("/config/name"));
    name.and_then(Json::as_str)
}

fn node(layer: &Json) -> Option<Node> {
    let class = class(layer)?;
    let kind = snake_case(class);
    let set = layer.pointer("/config/activation").and_then(Json::as_str);
    let set = set.filter(|_| !keeps_activations(&kind));
    let applied = [set, Some(class)]
        .into_iter()
        .flatten()
        .filter_map(activation);
    let has_layers = layer.pointer("/config/layers").is_some_and(Json::is_array)
        || layer.get("config").is_some_and(Json::is_array);
    let inside = match has_layers {
        true => Some(model(layer)?),
        false => None,
    };
    Some(Node {
        name: name(layer).unwrap_or_default().to_owned(),
        kind,
        activations: applied.collect(),
        weights: None,
        inside,
    })
}

/// Assigns the weights of a `.weights.h5` tree to the layers of a graph, by their number among the layers of
/// the same kind. Returns `false` if they do not match.
pub(super) fn link(graph: &mut Graph, tree: &Graph) -> bool {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for node in &mut graph.layers {
        let count = counts.entry(node.kind.clone()).or_default();
        let found = tree
            .layers
            .iter()
            .filter(|other| other.kind == node.kind)
            .nth(*count);
        *count += 1;
        let Some(found) = found else {
            continue;
        };
        node.weights = found.weights;
        match (&mut node.inside, &found.inside) {
            (Some(inside), Some(found)) => {
                if !link(inside, found) {
                    return false;
                }
            }
            (None, None) => {}
            _ => return false,
        }
    }
    let is_there = |node: &Node| node.weights.is_none() && node.inside.is_none();
    let kinds = tree.layers.iter().filter(|node| !is_there(node));
    kinds
        .into_iter()
        .all(|node| counts.contains_key(&node.kind))
}
