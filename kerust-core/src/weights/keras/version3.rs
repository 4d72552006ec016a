//! The weights of Keras 3: groups named by kind and number, tensors by their place.
//!
//! `layers/batch_normalization_1/vars/0`, where `vars` has the layer's name as attribute `name`. A
//! model in a model has `layers` of its own; a layer made of layers has them as groups.

use super::names::numbered;
use super::stored::{StoredLayer, StoredTensor};
use hdf5_pure::{Error, File, Group};

/// Groups that hold no weights: of the optimizer, of metrics, of random numbers.
const STATE: [&str; 3] = ["metrics", "optimizer", "seed_generator"];

pub(super) fn layers(file: &File) -> Result<Vec<StoredLayer>, Error> {
    let mut layers = Vec::new();
    collect(&file.root(), "", &[], &mut layers)?;
    Ok(layers)
}

/// Adds the layers in a group at `path`, inside models and layers called `names`.
fn collect(
    group: &Group,
    path: &str,
    names: &[String],
    layers: &mut Vec<StoredLayer>,
) -> Result<(), Error> {
    let mut children = group.groups()?;
    children.sort_by(|a, b| numbered(a).cmp(&numbered(b)));
    for child in children {
        if child == "vars" || STATE.contains(&child.as_str()) {
            continue;
        }
        let group = group.group(&child)?;
        let path = format!("{path}{child}/");
        if child == "layers" {
            collect(&group, &path, names, layers)?;
            continue;
        }
        let mut names = names.to_vec();
        let mut name = child.clone();
        if group.groups()?.iter().any(|name| name == "vars") {
            let vars = group.group("vars")?;
            if let Some(given) = vars.attrs()?.get("name").and_then(|name| name.as_str()) {
                name = given.to_owned();
            }
            names.push(name);
            let tensors = tensors(&vars, &format!("{path}vars/"))?;
            if !tensors.is_empty() {
                layers.push(StoredLayer {
                    names: names.clone(),
                    kind: numbered(&child).0.to_owned(),
                    tensors,
                });
            }
        } else {
            names.push(name);
        }
        collect(&group, &path, &names, layers)?;
    }
    Ok(())
}

fn tensors(vars: &Group, path: &str) -> Result<Vec<StoredTensor>, Error> {
    let mut places = vars.datasets()?;
    places.sort_by_key(|place| place.parse().unwrap_or(usize::MAX));
    let tensors = places.iter().map(|place| {
        let dataset = vars.dataset(place)?;
        StoredTensor::read(&dataset, format!("{path}{place}"), None)
    });
    tensors.collect()
}
