//! The weight format of Keras 3: groups named by kind and number, with numbered tensors.
//!
//! A path is `layers/batch_normalization_1/vars/0`, where `vars` has the layer's name as the attribute
//! `name`. The number is the index of the layer among those of its kind in `model.layers`. A nested model has
//! its own `layers`; a layer that consists of layers has them as groups.

use super::graph::{Graph, Node};
use super::names::numbered;
use super::stored::{StoredLayer, StoredTensor, fault};
use super::walk::{Walk, attributes};
use super::write::MARK;
use hdf5_pure::Group;

/// Groups without weights: those of the optimizer, of metrics, and of random number generators.
const STATE: [&str; 4] = ["metrics", "optimizer", "seed_generator", "trainer"];

/// The contents of a file.
pub(super) struct File {
    /// The layers with weights, in the order of their groups.
    pub(super) layers: Vec<StoredLayer>,
    /// All layers.
    pub(super) tree: Graph,
    /// Whether every layer has a name.
    pub(super) is_named: bool,
    /// Whether kerust wrote it.
    pub(super) is_kerusts: bool,
}

pub(super) fn read(file: &hdf5_pure::File, walk: &mut Walk) -> Result<File, String> {
    let root = file.root();
    let mut found = File {
        layers: Vec::new(),
        tree: Graph::default(),
        is_named: true,
        is_kerusts: attributes(&root, "/")?.contains_key(MARK),
    };
    found.tree = found.collect(&root, "", &[], walk)?;
    Ok(found)
}

impl File {
    /// Adds the layers in a group at `path`, inside of models with the names `names`.
    fn collect(
        &mut self,
        group: &Group,
        path: &str,
        names: &[String],
        walk: &mut Walk,
    ) -> Result<Graph, String> {
        let mut nodes = Vec::new();
        let mut children = walk.groups(group, path)?;
        children.sort_by(|(a, _), (b, _)| numbered(a).cmp(&numbered(b)));
        for (child, group) in children {
            let path = format!("{path}{child}/");
            if child == "layers" {
                nodes.extend(self.collect(&group, &path, names, walk)?.layers);
            } else if child != "vars" && !STATE.contains(&child.as_str()) {
                nodes.push(self.layer(&child, &group, &path, names, walk)?);
            }
        }
        Ok(Graph {
            layers: nodes,
            ..Graph::default()
        })
    }

    /// The layer of a group `child` at `path`.
    fn layer(
        &mut self,
        child: &str,
        group: &Group,
        path: &str,
        names: &[String],
        walk: &mut Walk,
    ) -> Result<Node, String> {
        let mut groups = walk.groups(group, path)?;
        let mut given = None;
        if let Some((_, vars)) = groups.iter().find(|(name, _)| name == "vars") {
            let attributes = attributes(vars, &format!("{path}vars"))?;
            given = attributes
                .get("name")
                .and_then(|name| name.as_str())
                .map(str::to_owned);
        }
        let is_named = given.is_some();
        let name = given.unwrap_or_else(|| child.to_owned());
        let names = [names, std::slice::from_ref(&name)].concat();
        let mut node = Node {
            name,
            kind: numbered(child).0.to_owned(),
            activations: Vec::new(),
            weights: None,
            inside: None,
        };
        if let Some(place) = groups.iter().position(|(name, _)| name == "layers") {
            let (_, group) = groups.remove(place);
            let path = format!("{path}layers/");
            node.inside = Some(self.collect(&group, &path, &names, walk)?);
        }
        let mut tensors = Vec::new();
        collect_tensors(groups, path, "", walk, &mut tensors)?;
        if !tensors.is_empty() {
            self.is_named &= is_named;
            node.weights = Some(self.layers.len());
            self.layers.push(StoredLayer {
                names,
                path: path.trim_end_matches('/').to_owned(),
                kind: node.kind.clone(),
                tensors,
            });
        }
        Ok(node)
    }
}

/// Adds the tensors of a layer and of its inner layers.
fn collect_tensors(
    groups: Vec<(String, Group)>,
    path: &str,
    inside: &str,
    walk: &mut Walk,
    tensors: &mut Vec<StoredTensor>,
) -> Result<(), String> {
    let (own, mut others): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(name, _)| name == "vars");
    for (_, vars) in own {
        let path = format!("{path}vars/");
        let datasets = vars.iter_datasets().map_err(|error| fault(&path, error))?;
        let mut datasets: Vec<_> = datasets.collect();
        datasets.sort_by_key(|(place, _)| place.parse().unwrap_or(usize::MAX));
        for (place, dataset) in datasets {
            let path = format!("{path}{place}");
            tensors.push(StoredTensor::new(dataset, path, inside.to_owned(), None)?);
        }
    }
    others.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, group) in others {
        if STATE.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{path}{name}/");
        let inside = match inside {
            "" => name,
            inside => format!("{inside}/{name}"),
        };
        collect_tensors(walk.groups(&group, &path)?, &path, &inside, walk, tensors)?;
    }
    Ok(())
}
