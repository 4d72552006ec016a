//! Which layer of a file is which of a model, and where they differ.

use super::expected::{ExpectedLayer, ExpectedTensor};
use super::names::numbered;
use super::stored::{StoredLayer, StoredTensor};
use crate::element::Dtype;
use crate::weights::Difference;
use std::collections::BTreeSet;

/// Values of a file, and where they go in the model.
pub(super) struct Copy<'a> {
    pub(super) start: usize,
    pub(super) values: &'a [f32],
}

/// For each layer of the model its layer of the file.
pub(super) fn pairs(expected: &[ExpectedLayer], stored: &[StoredLayer]) -> Vec<Option<usize>> {
    let full_e: Vec<_> = expected.iter().map(|layer| layer.names.join(".")).collect();
    let full_s: Vec<_> = stored.iter().map(|layer| layer.names.join(".")).collect();
    let last_e: Vec<_> = expected.iter().map(|layer| last(&layer.names)).collect();
    let last_s: Vec<_> = stored.iter().map(|layer| last(&layer.names)).collect();
    by_all_names(&full_e, &full_s)
        .or_else(|| by_all_names(&last_e, &last_s))
        .unwrap_or_else(|| by_order(expected, stored, &full_e, &full_s))
}

/// The last name as a text of its own.
fn last(names: &[impl AsRef<str>]) -> String {
    names[names.len() - 1].as_ref().to_owned()
}

/// Pairs by names, if both sides have the same ones, each once.
fn by_all_names(expected: &[String], stored: &[String]) -> Option<Vec<Option<usize>>> {
    let sets = [expected, stored].map(|names| names.iter().collect::<BTreeSet<_>>());
    let [expected_set, stored_set] = &sets;
    if expected_set != stored_set
        || expected_set.len() != expected.len()
        || stored_set.len() != stored.len()
    {
        return None;
    }
    let place = |name: &String| stored.iter().position(|other| other == name);
    Some(expected.iter().map(place).collect())
}

/// Pairs by the names that somebody chose, then by order within a kind, then by order where the
/// file's names tell no kind of the model's.
fn by_order(
    expected: &[ExpectedLayer],
    stored: &[StoredLayer],
    expected_names: &[String],
    stored_names: &[String],
) -> Vec<Option<usize>> {
    let mut pairs = vec![None; expected.len()];
    let mut is_free = vec![true; stored.len()];
    for (place, layer) in expected.iter().enumerate() {
        let is_chosen = numbered(layer.names[layer.names.len() - 1]).0 != layer.kind;
        let same = stored_names
            .iter()
            .position(|name| *name == expected_names[place]);
        if let Some(other) = same.filter(|other| is_chosen && is_free[*other]) {
            pairs[place] = Some(other);
            is_free[other] = false;
        }
    }
    let (inside_e, inside_s) = containers(expected, stored);
    let kinds: BTreeSet<_> = expected.iter().map(|layer| &layer.kind).collect();
    for is_kind_known in [true, false] {
        for (place, layer) in expected.iter().enumerate() {
            if pairs[place].is_some() {
                continue;
            }
            let next = (0..stored.len()).find(|other| {
                let is_same = match is_kind_known {
                    true => stored[*other].kind == layer.kind,
                    false => !kinds.contains(&stored[*other].kind) && stored[*other].is_named(),
                };
                is_free[*other] && is_same && inside_e[place] == inside_s[*other]
            });
            if let Some(other) = next {
                pairs[place] = Some(other);
                is_free[other] = false;
            }
        }
    }
    pairs
}

impl StoredLayer {
    /// Whether the file says how the tensors are called; then it says the order of the layers too.
    fn is_named(&self) -> bool {
        self.tensors.iter().all(|tensor| tensor.name.is_some())
    }
}

/// The number of the model inside the model that each layer stands in, if both sides have as many;
/// else 0, as if all stood side by side.
fn containers(expected: &[ExpectedLayer], stored: &[StoredLayer]) -> (Vec<usize>, Vec<usize>) {
    fn numbers(names: Vec<String>) -> (Vec<usize>, usize) {
        let mut seen: Vec<String> = vec![String::new()];
        let numbers = names.into_iter().map(|name| {
            let place = seen.iter().position(|other| *other == name);
            place.unwrap_or_else(|| {
                seen.push(name);
                seen.len() - 1
            })
        });
        let numbers = numbers.collect();
        (numbers, seen.len())
    }
    let above = |names: &[String]| names[..names.len() - 1].join(".");
    let expected = expected.iter().map(|layer| {
        let names: Vec<_> = layer.names.iter().map(|name| (*name).to_owned()).collect();
        above(&names)
    });
    let (expected, expected_count) = numbers(expected.collect());
    let stored = stored.iter().map(|layer| above(&layer.names));
    let (stored, stored_count) = numbers(stored.collect());
    match expected_count == stored_count {
        true => (expected, stored),
        false => (vec![0; expected.len()], vec![0; stored.len()]),
    }
}

/// What is to be copied, and all the differences.
pub(super) fn compare<'a>(
    expected: &[ExpectedLayer],
    stored: &'a [StoredLayer],
    pairs: &[Option<usize>],
) -> (Vec<Copy<'a>>, Vec<Difference>) {
    let (mut copies, mut differences) = (Vec::new(), Vec::new());
    for (layer, pair) in expected.iter().zip(pairs) {
        match pair {
            Some(other) => compare_layer(layer, &stored[*other], &mut copies, &mut differences),
            None => differences.extend(layer.tensors.iter().map(|tensor| missing(layer, tensor))),
        }
    }
    for (place, layer) in stored.iter().enumerate() {
        if !pairs.contains(&Some(place)) {
            differences.extend(layer.tensors.iter().map(surplus));
        }
    }
    (copies, differences)
}

fn missing(layer: &ExpectedLayer, tensor: &ExpectedTensor) -> Difference {
    Difference::Missing {
        name: layer.full_name(tensor),
        expected: tensor.sizes.to_vec(),
    }
}

fn surplus(tensor: &StoredTensor) -> Difference {
    Difference::Surplus {
        name: tensor.path.clone(),
        found: tensor.sizes.clone(),
    }
}

fn compare_layer<'a>(
    expected: &ExpectedLayer,
    stored: &'a StoredLayer,
    copies: &mut Vec<Copy<'a>>,
    differences: &mut Vec<Difference>,
) {
    if !stored.is_named() {
        if expected.tensors.len() != stored.tensors.len() {
            let names = expected.tensors.iter().map(|tensor| tensor.name.to_owned());
            differences.push(Difference::Tensors {
                layer: expected.names.join("."),
                found: stored.tensors.len(),
                expected: names.collect(),
            });
            return;
        }
        for (tensor, other) in expected.tensors.iter().zip(&stored.tensors) {
            compare_tensor(expected, tensor, other, copies, differences);
        }
        return;
    }
    let mut rest: Vec<&StoredTensor> = stored.tensors.iter().collect();
    let mut absent = Vec::new();
    for tensor in &expected.tensors {
        match rest
            .iter()
            .position(|other| is_called(other, tensor.name, stored))
        {
            Some(place) => {
                compare_tensor(expected, tensor, rest.remove(place), copies, differences);
            }
            None => absent.push(tensor),
        }
    }
    for tensor in absent {
        // A missing tensor and a surplus one of its sizes in its layer are one fault.
        let same = rest.iter().position(|other| other.sizes == tensor.sizes);
        differences.push(match same {
            Some(place) => Difference::Name {
                found: rest.remove(place).path.clone(),
                expected: expected.full_name(tensor),
            },
            None => missing(expected, tensor),
        });
    }
    differences.extend(rest.into_iter().map(surplus));
}

/// Whether a tensor has this name. Keras 2 says `depthwise_kernel` where Keras 3 says `kernel`, and
/// a layer that is one array says nothing.
fn is_called(tensor: &StoredTensor, name: &str, layer: &StoredLayer) -> bool {
    let Some(found) = tensor.name.as_deref() else {
        return false;
    };
    let is_one_kernel = |name| {
        let is_kernel = |name: &str| name == "kernel" || name == "depthwise_kernel";
        let kernels = layer
            .tensors
            .iter()
            .filter_map(|tensor| tensor.name.as_deref());
        is_kernel(name) && kernels.filter(|name| name.ends_with("kernel")).count() == 1
    };
    found == name || (is_one_kernel(found) && is_one_kernel(name)) || name.is_empty()
}

fn compare_tensor<'a>(
    layer: &ExpectedLayer,
    expected: &ExpectedTensor,
    stored: &'a StoredTensor,
    copies: &mut Vec<Copy<'a>>,
    differences: &mut Vec<Difference>,
) {
    let name = || layer.full_name(expected);
    let path = || Some(stored.path.clone());
    match &stored.values {
        _ if stored.sizes != expected.sizes => differences.push(Difference::Shape {
            name: name(),
            stored: path(),
            found: stored.sizes.clone(),
            expected: expected.sizes.to_vec(),
        }),
        Ok(values) if values.len() == expected.len => copies.push(Copy {
            start: expected.start,
            values,
        }),
        // A file whose shape and values disagree.
        Ok(values) => differences.push(Difference::Shape {
            name: name(),
            stored: path(),
            found: vec![values.len()],
            expected: expected.sizes.to_vec(),
        }),
        Err(found) => differences.push(Difference::Dtype {
            name: name(),
            stored: path(),
            found: found.clone(),
            expected: Dtype::F32,
        }),
    }
}
