//! Matches the tensors of a layer in a file with those of the model, and lists the differences.

use super::expected::{ExpectedLayer, ExpectedTensor};
use super::stored::{StoredLayer, StoredTensor};
use crate::weights::Difference;

/// A tensor of a file, and where its values go in the model.
pub(super) struct Target<'a> {
    pub(super) layer: &'a ExpectedLayer,
    pub(super) tensor: &'a ExpectedTensor,
    pub(super) stored: &'a StoredTensor,
}

/// The tensors to read, and all differences. No values are read yet.
pub(super) fn compare<'a>(
    expected: &'a [ExpectedLayer],
    stored: &'a [StoredLayer],
    pairs: &[Option<usize>],
) -> (Vec<Target<'a>>, Vec<Difference>) {
    let (mut targets, mut differences) = (Vec::new(), Vec::new());
    for (layer, pair) in expected.iter().zip(pairs) {
        match pair {
            Some(other) => compare_layer(layer, &stored[*other], &mut targets, &mut differences),
            None => differences.extend(layer.tensors.iter().map(|tensor| missing(layer, tensor))),
        }
    }
    for (place, layer) in stored.iter().enumerate() {
        if !pairs.contains(&Some(place)) {
            differences.extend(layer.tensors.iter().map(surplus));
        }
    }
    (targets, differences)
}

/// Whether a layer of the file has the tensors of a layer of the model.
pub(super) fn fits(expected: &ExpectedLayer, stored: &StoredLayer) -> bool {
    let (mut targets, mut differences) = (Vec::new(), Vec::new());
    compare_layer(expected, stored, &mut targets, &mut differences);
    differences.is_empty()
}

fn missing(layer: &ExpectedLayer, tensor: &ExpectedTensor) -> Difference {
    Difference::Missing {
        name: layer.tensor_name(tensor),
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
    expected: &'a ExpectedLayer,
    stored: &'a StoredLayer,
    targets: &mut Vec<Target<'a>>,
    differences: &mut Vec<Difference>,
) {
    // The file has tensor names, or the tensors are in Keras's order.
    let is_named = stored.tensors.iter().all(|tensor| tensor.name.is_some());
    let groups = groups(expected, stored);
    if !is_named {
        let of_model = |group: &str| {
            expected
                .tensors
                .iter()
                .filter(|it| it.group == group)
                .count()
        };
        let of_file = |group: &str| stored.tensors.iter().filter(|it| it.group == group).count();
        let are_alike = groups.iter().all(|(a, b)| of_model(a) == of_file(b));
        if expected.tensors.len() != stored.tensors.len() || !are_alike {
            differences.push(Difference::Tensors {
                layer: expected.full_name(),
                found: stored.tensors.len(),
                expected: expected.tensors.iter().map(name_in_layer).collect(),
            });
            return;
        }
    }
    let mut rest: Vec<&StoredTensor> = stored.tensors.iter().collect();
    let mut absent = Vec::new();
    for tensor in &expected.tensors {
        let group = groups
            .iter()
            .find(|(of_model, _)| *of_model == tensor.group);
        let found = rest.iter().position(|other| {
            group.is_some_and(|(_, of_file)| *of_file == other.group)
                && (!is_named || is_called(other, tensor.name, stored))
        });
        match found {
            Some(place) => {
                compare_tensor(expected, tensor, rest.remove(place), targets, differences);
            }
            None => absent.push(tensor),
        }
    }
    for tensor in absent {
        // A missing tensor and a surplus one with the same shape in the same layer are reported as one
        // difference.
        let same = rest.iter().position(|other| other.sizes == tensor.sizes);
        differences.push(match same {
            Some(place) => Difference::Name {
                found: rest.remove(place).path.clone(),
                expected: expected.tensor_name(tensor),
            },
            None => missing(expected, tensor),
        });
    }
    differences.extend(rest.into_iter().map(surplus));
}

/// `forward.kernel`.
fn name_in_layer(tensor: &ExpectedTensor) -> String {
    match tensor.group.as_str() {
        "" => tensor.name.to_owned(),
        group => format!("{}.{}", group.replace('/', "."), tensor.name),
    }
}

/// Matches the groups of tensors in a layer of the model with those in the file: by equal names, then by a
/// name that continues (`forward` is `forward_layer/cell`), then the one that is left.
fn groups<'a>(expected: &'a ExpectedLayer, stored: &'a StoredLayer) -> Vec<(&'a str, &'a str)> {
    let mut of_model: Vec<&str> = expected
        .tensors
        .iter()
        .map(|it| it.group.as_str())
        .collect();
    let mut of_file: Vec<&str> = stored.tensors.iter().map(|it| it.group.as_str()).collect();
    of_model.dedup();
    of_file.dedup();
    let mut pairs = Vec::new();
    let are_same = |a: &str, b: &str| a == b;
    let goes_on = |a: &str, b: &str| !a.is_empty() && b.starts_with(a);
    for is_pair in [&are_same as &dyn Fn(&str, &str) -> bool, &goes_on] {
        of_model.retain(|group| {
            let mut found = of_file
                .iter()
                .enumerate()
                .filter(|(_, other)| is_pair(group, other));
            let place = match (found.next(), found.next()) {
                (Some((place, _)), None) => place,
                _ => return true,
            };
            pairs.push((*group, of_file.remove(place)));
            false
        });
    }
    if let ([group], [other]) = (&of_model[..], &of_file[..]) {
        pairs.push((group, other));
    }
    pairs
}

/// Whether a tensor has this name. Keras 2 writes `depthwise_kernel` where Keras 3 writes `kernel`, and a
/// layer with a single array has no tensor name.
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
    layer: &'a ExpectedLayer,
    tensor: &'a ExpectedTensor,
    stored: &'a StoredTensor,
    targets: &mut Vec<Target<'a>>,
    differences: &mut Vec<Difference>,
) {
    // One number is a scalar in Keras, and an array of one value here.
    let is_scalar = stored.sizes.is_empty() && *tensor.sizes == [1];
    if stored.sizes != tensor.sizes && !is_scalar {
        differences.push(Difference::Shape {
            name: layer.tensor_name(tensor),
            stored: Some(stored.path.clone()),
            found: stored.sizes.clone(),
            expected: tensor.sizes.to_vec(),
        });
        return;
    }
    targets.push(Target {
        layer,
        tensor,
        stored,
    });
}
