//! A model as a graph, with the same type for models of kerust and of Keras.

use std::collections::HashMap;

/// The layers of a model, and their connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) layers: Vec<Node>,
    /// Every use of a layer, after its inputs.
    pub(super) calls: Vec<Call>,
    pub(super) outputs: Vec<Value>,
}

/// A layer of a graph.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    /// Its kind in Keras's spelling: `batch_normalization`.
    pub(super) kind: String,
    /// The activations that it applies.
    pub(super) activations: Vec<String>,
    /// Its index among the layers with weights.
    pub(super) weights: Option<usize>,
    /// The inner graph, if it is a model.
    pub(super) inside: Option<Graph>,
}

/// A use of a layer.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) layer: usize,
    pub(super) inputs: Vec<Value>,
}

/// The input of a use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Value {
    /// An input of the model.
    Input(usize),
    /// An output of a use: the index of the use, and that of the output.
    Call(usize, usize),
}

/// The maximum number of uses in a flat graph: nested models that are each used twice grow exponentially.
const CALLS_MAX: usize = 1 << 14;

impl Node {
    /// Whether the order of its inputs does not matter.
    pub(super) fn commutes(&self) -> bool {
        const KINDS: [&str; 5] = ["add", "average", "maximum", "minimum", "multiply"];
        KINDS.contains(&self.kind.as_str())
    }
}

impl Graph {
    /// The layers in the order of Keras's `model.layers` (`map_graph` in `keras/src/ops/function.py`): layers
    /// farther from the outputs first, and layers at the same distance in the order of a search from the
    /// outputs.
    pub(super) fn keras_order(&self) -> Vec<usize> {
        let (ends, found) = self.search();
        let mut depth_of_call = vec![0; self.calls.len()];
        let mut depth_of_layer = vec![0; self.layers.len()];
        for call in ends.into_iter().rev() {
            let Call { layer, inputs } = &self.calls[call];
            let depth = depth_of_call[call].max(depth_of_layer[*layer]);
            depth_of_layer[*layer] = depth;
            for input in inputs {
                if let Value::Call(before, _) = *input {
                    depth_of_call[before] = depth_of_call[before].max(depth + 1);
                }
            }
        }
        let mut order: Vec<usize> = (0..self.layers.len()).collect();
        order.sort_by_key(|layer| match found[*layer] {
            Some(place) => (0, usize::MAX - depth_of_layer[*layer], place),
            // No output depends on it, so Keras leaves it out.
            None => (1, 0, *layer),
        });
        order
    }

    /// A depth-first search from the outputs, inputs first. Returns the uses in the order in which the search
    /// leaves them, and for each layer when the search first reached it.
    fn search(&self) -> (Vec<usize>, Vec<Option<usize>>) {
        let mut found = vec![None; self.layers.len()];
        let (mut ends, mut count) = (Vec::new(), 0);
        let mut is_seen = vec![false; self.calls.len()];
        for output in &self.outputs {
            let mut path: Vec<(usize, usize)> = Vec::new();
            let mut next = Some(*output);
            loop {
                match next {
                    Some(Value::Call(call, _)) if !is_seen[call] => {
                        is_seen[call] = true;
                        found[self.calls[call].layer].get_or_insert_with(|| {
                            count += 1;
                            count
                        });
                        path.push((call, 0));
                    }
                    _ => {}
                }
                let Some((call, place)) = path.last_mut() else {
                    break;
                };
                next = self.calls[*call].inputs.get(*place).copied();
                *place += 1;
                if next.is_none() {
                    ends.push(*call);
                    path.pop();
                }
            }
        }
        (ends, found)
    }

    /// The layers with weights in Keras's order; those of a nested model are at the position of the model.
    pub(super) fn weights_in_order(&self) -> Vec<usize> {
        let mut weights = Vec::new();
        for layer in self.keras_order() {
            let node = &self.layers[layer];
            weights.extend(node.weights);
            if let Some(inside) = &node.inside {
                weights.extend(inside.weights_in_order());
            }
        }
        weights
    }

    /// The graph with nested models replaced by their contents. `None` if it is too large.
    pub(super) fn flat(&self) -> Option<Flat<'_>> {
        let mut flat = Flat::default();
        let mut number_of = HashMap::new();
        let input = |number| Some(Value::Input(number));
        flat.outputs = flat_into(self, &input, &mut flat, &mut number_of)?;
        Some(flat)
    }

    /// Whether each use reads only earlier uses, and all indices are valid.
    pub(super) fn is_sound(&self) -> bool {
        let is_before = |value: &Value, end: usize| match value {
            Value::Input(_) => true,
            Value::Call(call, _) => *call < end,
        };
        let calls = self.calls.iter().enumerate();
        self.outputs
            .iter()
            .all(|value| is_before(value, self.calls.len()))
            && calls.into_iter().all(|(place, call)| {
                call.layer < self.layers.len()
                    && call.inputs.iter().all(|value| is_before(value, place))
            })
    }
}

/// A graph without nested models.
#[derive(Clone, Debug, Default)]
pub(super) struct Flat<'a> {
    pub(super) layers: Vec<&'a Node>,
    pub(super) calls: Vec<Call>,
    pub(super) outputs: Vec<Value>,
}

fn flat_into<'a>(
    graph: &'a Graph,
    input: &dyn Fn(usize) -> Option<Value>,
    flat: &mut Flat<'a>,
    number_of: &mut HashMap<*const Node, usize>,
) -> Option<Vec<Value>> {
    let mut outputs: Vec<Vec<Value>> = Vec::new();
    for call in &graph.calls {
        let node = &graph.layers[call.layer];
        let inputs: Option<Vec<Value>> = call
            .inputs
            .iter()
            .map(|value| resolved(*value, input, &outputs))
            .collect();
        let inputs = inputs?;
        outputs.push(match &node.inside {
            Some(inside) => flat_into(
                inside,
                &|number| inputs.get(number).copied(),
                flat,
                number_of,
            )?,
            None => {
                let layer = *number_of
                    .entry(std::ptr::from_ref(node))
                    .or_insert_with(|| {
                        flat.layers.push(node);
                        flat.layers.len() - 1
                    });
                flat.calls.push(Call { layer, inputs });
                if flat.calls.len() > CALLS_MAX {
                    return None;
                }
                vec![Value::Call(flat.calls.len() - 1, 0)]
            }
        });
    }
    let values = graph.outputs.iter();
    values
        .map(|value| resolved(*value, input, &outputs))
        .collect()
}

/// A value in the flat graph. A layer that is not a model has a single value for all its outputs.
fn resolved(
    value: Value,
    input: &dyn Fn(usize) -> Option<Value>,
    outputs: &[Vec<Value>],
) -> Option<Value> {
    match value {
        Value::Input(number) => input(number),
        Value::Call(call, output) => match outputs[call][..] {
            [Value::Call(only, 0)] => Some(Value::Call(only, output)),
            ref values => values.get(output).copied(),
        },
    }
}

impl Flat<'_> {
    /// Follows a value back through layers without weights that have one input, and collects their
    /// activations.
    pub(super) fn seen(&self, mut value: Value) -> (Value, Vec<&str>) {
        let mut activations = Vec::new();
        while let Value::Call(call, _) = value {
            let Call { layer, inputs } = &self.calls[call];
            let node = self.layers[*layer];
            activations.extend(node.activations.iter().map(String::as_str));
            match (node.weights, inputs.as_slice()) {
                (None, [only]) => value = *only,
                _ => break,
            }
        }
        (value, activations)
    }

    /// For each layer, the layers with weights on which its input depends directly or indirectly.
    pub(super) fn before(&self) -> Vec<Vec<bool>> {
        let mut before = vec![vec![false; self.layers.len()]; self.layers.len()];
        let mut of_call: Vec<Vec<bool>> = Vec::new();
        for call in &self.calls {
            let mut all = vec![false; self.layers.len()];
            for input in &call.inputs {
                if let Value::Call(source, _) = *input {
                    let of_source = &of_call[source];
                    all.iter_mut()
                        .zip(of_source)
                        .for_each(|(all, other)| *all |= other);
                    all[self.calls[source].layer] = true;
                }
            }
            let layer = &mut before[call.layer];
            layer
                .iter_mut()
                .zip(&all)
                .for_each(|(layer, other)| *layer |= other);
            of_call.push(all);
        }
        before
    }
}
