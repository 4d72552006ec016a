//! Generates the source code of a random `model!`.

use proptest::collection::vec;
use proptest::prelude::*;

/// Numbers that select the parts of a graph. Any numbers are valid, and fewer make a smaller graph.
#[derive(Clone, Debug)]
pub struct Recipe {
    inputs: Vec<usize>,
    steps: Vec<[usize; 4]>,
    head: usize,
}

pub fn recipe() -> impl Strategy<Value = Recipe> {
    let step = prop::array::uniform4(0..60usize);
    let parts = (vec(1..6usize, 1..4), vec(step, 1..13), 0..60usize);
    parts.prop_map(|(inputs, steps, head)| Recipe {
        inputs,
        steps,
        head,
    })
}

/// Functions without a kink, so that finite differences are accurate.
const ACTIVATIONS: [&str; 9] = [
    "linear", "tanh", "sigmoid", "softplus", "gelu", "silu", "mish", "softsign", "softmax",
];

struct Value {
    name: String,
    shape: Vec<usize>,
    /// Whether it must not be an output: an input, or the output of a layer that is applied elsewhere too.
    inner: bool,
    read: bool,
}

#[derive(Default)]
struct Graph {
    text: String,
    values: Vec<Value>,
    /// Layers with a name: the sizes of their input and output.
    towers: Vec<[usize; 2]>,
}

impl Recipe {
    /// The graph, with each of its sizes multiplied by `scale`.
    pub fn text(&self, scale: usize) -> String {
        let mut graph = Graph::default();
        for size in &self.inputs {
            graph.add(&format!("Input({})", size * scale), vec![size * scale]);
            graph.values.last_mut().unwrap().inner = true;
        }
        for step in &self.steps {
            graph.step(*step, scale);
        }
        let tail = graph.outputs(self.head);
        format!("Net {{ {} {tail} }}", graph.text)
    }
}

impl Graph {
    fn add(&mut self, chain: &str, shape: Vec<usize>) -> usize {
        let name = format!("v{}", self.values.len());
        self.text += &format!("let {name} = {chain}; ");
        self.values.push(Value {
            name,
            shape,
            inner: false,
            read: false,
        });
        self.values.len() - 1
    }

    fn read(&mut self, value: usize) -> String {
        self.values[value].read = true;
        self.values[value].name.clone()
    }

    /// The value as a vector: the start of a chain, and its size.
    fn vector(&mut self, value: usize) -> (String, usize) {
        let len = self.values[value].shape.iter().product();
        let flatten = match self.values[value].shape.len() {
            1 => "",
            _ => " => Flatten",
        };
        (self.read(value) + flatten, len)
    }

    fn step(&mut self, [kind, a, b, c]: [usize; 4], scale: usize) {
        let value = a % self.values.len();
        let shape = self.values[value].shape.clone();
        let last = shape[shape.len() - 1];
        let word = |features: usize| match ACTIVATIONS[c % ACTIVATIONS.len()] {
            "softmax" if features == 1 => "tanh",
            word => word,
        };
        match kind % 15 {
            0..3 => {
                let (x, _) = self.vector(value);
                let units = (1 + b % 5) * scale;
                self.add(
                    &format!("{x} => Dense({units}, {})", word(units)),
                    vec![units],
                );
            }
            3..5 => {
                let (x, len) = self.vector(value);
                let known = self.towers.iter().position(|[input, _]| *input == len);
                let units = known.map_or((1 + b % 5) * scale, |tower| self.towers[tower][1]);
                let layer = match known {
                    Some(tower) => format!("tower_{tower}"),
                    None => {
                        self.towers.push([len, units]);
                        let (name, word) = (self.towers.len() - 1, word(units));
                        format!("Dense({units}, {word}, name = tower_{name})")
                    }
                };
                let value = self.add(&format!("{x} => {layer}"), vec![units]);
                self.values[value].inner = true;
            }
            kind @ 5..9 => {
                let alike: Vec<usize> = (0..self.values.len())
                    .filter(|other| self.values[*other].shape == shape)
                    .collect();
                let others = [b, b + c, c].map(|other| alike[other % alike.len()]);
                let merges = [
                    "Subtract",
                    "Multiply",
                    "Average",
                    "Maximum",
                    "Minimum",
                    "Concatenate",
                ];
                let merge = if kind < 7 { "Add" } else { merges[c % 6] };
                let mut parts = vec![self.read(value)];
                let more = if merge == "Subtract" { 0 } else { (b + c) % 3 };
                for other in &others[..1 + more] {
                    parts.push(self.read(*other));
                }
                let mut shape = shape;
                if merge == "Concatenate" {
                    *shape.last_mut().unwrap() *= parts.len();
                }
                self.add(&format!("{merge}({})", parts.join(", ")), shape);
            }
            9 => {
                let x = self.read(value);
                self.add(&format!("{x} => Activation({})", word(last)), shape);
            }
            10 | 11 => {
                let x = self.read(value);
                let layer = ["BatchNormalization", "LayerNormalization"][b % 2];
                self.add(&format!("{x} => {layer}(epsilon = 0.1)"), shape);
            }
            12 => {
                let (layer, shape) = match shape[..] {
                    [size] if size % 2 == 0 => {
                        (format!("Reshape({}x2)", size / 2), vec![size / 2, 2])
                    }
                    [_] => ("Rescaling(0.7, 0.1)".to_owned(), shape),
                    _ => ("Flatten".to_owned(), vec![shape.iter().product()]),
                };
                let x = self.read(value);
                self.add(&format!("{x} => {layer}"), shape);
            }
            13 => {
                let x = self.read(value);
                let layers = ["Dropout(0.3)", "GaussianNoise(0.1)", "Rescaling(0.7, 0.1)"];
                self.add(&format!("{x} => {}", layers[b % 3]), shape);
            }
            _ => {
                let (x, len) = self.vector(value);
                let units = (1 + b % 5) * scale;
                let norm = ["", " => BatchNormalization(epsilon = 0.1)"][a % 2];
                let first = match c % 3 {
                    0 => String::new(),
                    _ => format!("Dense({units}, {}) => ", word(units)),
                };
                let inner = format!("{first}Dense({len}){norm}");
                let end = ["", " => Activation(tanh)"][b % 2];
                self.add(&format!("{x} => Residual({inner}){end}"), vec![len]);
            }
        }
    }

    /// The outputs: the values that are not read. If there are more than three, some are merged, and
    /// sometimes a value that is read is added.
    fn outputs(&mut self, head: usize) -> String {
        for value in 0..self.values.len() {
            if self.values[value].inner && !self.values[value].read {
                let (x, _) = self.vector(value);
                self.add(&format!("{x} => Dense(2, tanh)"), vec![2]);
            }
        }
        let unread = |graph: &Self| -> Vec<usize> {
            let values = 0..graph.values.len();
            values.filter(|value| !graph.values[*value].read).collect()
        };
        while unread(self).len() > 3 {
            let mut parts = Vec::new();
            for value in unread(self).split_off(2).into_iter().take(2) {
                let (x, _) = self.vector(value);
                let flat = self.add(&format!("{x} => Dense(3)"), vec![3]);
                parts.push(self.read(flat));
            }
            self.add(&format!("Concatenate({})", parts.join(", ")), vec![6]);
        }
        let mut heads = unread(self);
        let extra = head % self.values.len();
        if self.values[extra].read && !self.values[extra].inner {
            heads.insert(head % (heads.len() + 1), extra);
        }
        let names: Vec<String> = heads.into_iter().map(|head| self.read(head)).collect();
        match names.as_slice() {
            [name] => name.clone(),
            names => format!("({})", names.join(", ")),
        }
    }
}
