//! Matches layers by Keras's order, for files that do not contain the connections.

use super::graph::Graph;
use super::legacy;
use super::matching::{Pairs, Sides};
use super::names::{is_automatic, numbered};
use super::stored::Stored;
use crate::weights::Difference;

/// The order of a sum's inputs affects the result, and models may write it differently from Keras.
const EITHER: &str = "the file does not say how its layers are connected";
/// Layers have another distance from the outputs.
const BETWEEN: &str = "the file has other layers without weights than the model";
/// The nesting of the models differs from the file.
const ELSEWHERE: &str = "the models inside the model are not those of the file";
/// The order of layers depends on whether some were frozen, or were created later.
const FROZEN: &str = "the file does not say whether layers were frozen";

/// The maximum number of variants of the model's order that are tried.
const VARIANTS_MAX: usize = 1 << 12;
/// The maximum number of sibling models of several classes for which every order is tried.
const MODELS_MAX: usize = 6;

/// Matches by order, unless another order fits too that the model may have had in Keras. The inputs of a sum,
/// a product and similar layers can be in any order, but the position of a layer depends on it. In that case
/// Keras's order is used only if the numbers in the names, which follow the order of creation, agree.
pub(super) fn certain(
    sides: &Sides<'_>,
    graph: &Graph,
    stored: &Stored,
    chosen: &[Option<usize>],
) -> Result<Pairs, Difference> {
    let mut tree = stored.tree.clone();
    let by = |graph: &Graph, tree: &Graph| pairs(sides, graph, tree, stored.is_ordered, chosen);
    if stored.is_ordered
        && let Some(sorted) = legacy::by_number(&tree)
    {
        if legacy::is_frozen(&tree, sides.stored) {
            tree = sorted;
        } else {
            let (as_stored, by_number) = (by(graph, &tree)?, by(graph, &sorted)?);
            match [&as_stored, &by_number].map(|pairs| sides.is_whole(pairs)) {
                [true, true] if as_stored != by_number => {
                    return Err(sides.ambiguous(&as_stored, &by_number, FROZEN));
                }
                [false, true] => tree = sorted,
                _ => {}
            }
        }
    }
    let mut best = graph.clone();
    let mut found = by(&best, &tree)?;
    // Shapes may prove that the order differs from that of the model.
    let mut count = misfits(sides, &found);
    for variant in 0..variants(graph).min(VARIANTS_MAX) {
        if count == 0 {
            break;
        }
        let mut other = best.clone();
        swap(&mut other, variant);
        let pairs = by(&other, &tree)?;
        if misfits(sides, &pairs) < count {
            count = misfits(sides, &pairs);
            (best, found) = (other, pairs);
        }
    }
    if !sides.is_whole(&found) {
        return Ok(found);
    }
    for variant in 0..variants(&best).min(VARIANTS_MAX) {
        let mut other = best.clone();
        swap(&mut other, variant);
        let pairs = by(&other, &tree)?;
        if pairs == found || !sides.is_whole(&pairs) {
            continue;
        }
        let is_changed = |place: usize| pairs[place] != found[place];
        if !stored.is_named || !is_made_in_order(sides, &found, &is_changed) {
            return Err(sides.ambiguous(&found, &pairs, EITHER));
        }
    }
    if kinds_between(&best) != kinds_between(&tree)
        && let Some((a, b)) = unordered(sides, &best, &found)
        && !(stored.is_named && is_made_in_order(sides, &found, &|_| true))
    {
        let mut otherwise = found.clone();
        otherwise.swap(a, b);
        return Err(sides.ambiguous(&found, &otherwise, BETWEEN));
    }
    Ok(found)
}

/// The number of layers of the model without a fitting layer in the file.
fn misfits(sides: &Sides<'_>, pairs: &[Option<usize>]) -> usize {
    let pairs = pairs.iter().enumerate();
    pairs
        .filter(|(place, pair)| pair.is_none_or(|other| !sides.fits(*place, other)))
        .count()
}

/// Whether layers were created in the order of their declaration, according to their names: those of `of`,
/// compared with others of their kind.
fn is_made_in_order(
    sides: &Sides<'_>,
    pairs: &[Option<usize>],
    of: &dyn Fn(usize) -> bool,
) -> bool {
    let number = |layer: usize| {
        let stored = &sides.stored[pairs[layer]?];
        is_automatic(stored.name(), &stored.kind).then(|| numbered(stored.name()).1)
    };
    (0..pairs.len()).all(|a| {
        (a + 1..pairs.len()).all(|b| {
            let are_asked = sides.are_beside(a, b) && (of(a) || of(b));
            !are_asked || matches!((number(a), number(b)), (Some(x), Some(y)) if x < y)
        })
    })
}

/// Two layers that could be swapped, and of which neither depends on the other: their order is determined by
/// the number of layers after them.
fn unordered(sides: &Sides<'_>, graph: &Graph, pairs: &[Option<usize>]) -> Option<(usize, usize)> {
    let flat = graph.flat()?;
    let before = flat.before();
    let mut place_of = vec![0; pairs.len()];
    for (place, node) in flat.layers.iter().enumerate() {
        if let Some(weights) = node.weights {
            place_of[weights] = place;
        }
    }
    let could_be = |a: usize, b: usize| {
        let [at, bt] = [place_of[a], place_of[b]];
        sides.are_beside(a, b)
            && !before[at][bt]
            && !before[bt][at]
            && pairs[b].is_some_and(|other| sides.fits(a, other))
            && pairs[a].is_some_and(|other| sides.fits(b, other))
    };
    let all = (0..pairs.len()).flat_map(|a| (a + 1..pairs.len()).map(move |b| (a, b)));
    all.into_iter().find(|(a, b)| could_be(*a, *b))
}

/// The kinds of the layers without weights, which also affect the distance of a layer from the outputs.
fn kinds_between(graph: &Graph) -> Vec<&str> {
    let nodes = graph.layers.iter();
    let mut kinds: Vec<&str> = nodes
        .flat_map(|node| match (&node.inside, node.weights) {
            (Some(inside), _) => kinds_between(inside),
            (None, None) if node.kind != "input_layer" => vec![node.kind.as_str()],
            _ => Vec::new(),
        })
        .collect();
    kinds.sort_unstable();
    kinds
}

/// The number of pairs of inputs that can be swapped: those of layers for which the order does not matter.
fn variants(graph: &Graph) -> usize {
    let of_call = graph
        .calls
        .iter()
        .filter(|call| graph.layers[call.layer].commutes());
    let own: usize = of_call
        .map(|call| call.inputs.len() * call.inputs.len().saturating_sub(1) / 2)
        .sum();
    let inside = graph.layers.iter().filter_map(|node| node.inside.as_ref());
    own + inside.map(variants).sum::<usize>()
}

/// Swaps the pair of inputs with this number.
fn swap(graph: &mut Graph, mut number: usize) {
    for call in &mut graph.calls {
        if !graph.layers[call.layer].commutes() {
            continue;
        }
        for a in 0..call.inputs.len() {
            for b in a + 1..call.inputs.len() {
                if number == 0 {
                    call.inputs.swap(a, b);
                    return;
                }
                number -= 1;
            }
        }
    }
    for inside in graph
        .layers
        .iter_mut()
        .filter_map(|node| node.inside.as_mut())
    {
        let count = variants(inside);
        if number < count {
            swap(inside, number);
            return;
        }
        number -= count;
    }
}

/// Matches by order: models with models, and within each model layers with layers of the same kind.
pub(super) fn pairs(
    sides: &Sides<'_>,
    graph: &Graph,
    tree: &Graph,
    is_ordered: bool,
    chosen: &[Option<usize>],
) -> Result<Pairs, Difference> {
    let mut level = Level {
        sides,
        is_ordered,
        pairs: chosen.to_vec(),
        is_flat: false,
    };
    level.pair(graph, tree)?;
    if !level.is_flat {
        return Ok(level.pairs);
    }
    let mut pairs: Pairs = vec![None; chosen.len()];
    for place in 0..pairs.len() {
        let is_free =
            |other: &usize| !pairs.contains(&Some(*other)) && !chosen.contains(&Some(*other));
        let mut free = (0..sides.stored.len()).filter(is_free);
        let first = free.find(|other| sides.fits(place, *other));
        pairs[place] = chosen[place].or(first);
    }
    match sides.is_whole(&pairs) {
        true => sides.only(pairs, ELSEWHERE),
        false => Ok(level.pairs),
    }
}

struct Level<'a> {
    sides: &'a Sides<'a>,
    is_ordered: bool,
    pairs: Pairs,
    /// Whether models had to be flattened.
    is_flat: bool,
}

impl Level<'_> {
    fn pair(&mut self, graph: &Graph, tree: &Graph) -> Result<(), Difference> {
        let order = graph.keras_order();
        let nodes: Vec<_> = order.iter().map(|layer| &graph.layers[*layer]).collect();
        let models: Vec<_> = nodes.iter().filter(|node| node.inside.is_some()).collect();
        let stored: Vec<_> = tree
            .layers
            .iter()
            .filter(|node| node.inside.is_some())
            .collect();
        if models.len() != stored.len() {
            self.is_flat = true;
            let expected = graph.weights_in_order();
            self.pair_layers(expected, all_weights(tree));
            return Ok(());
        }
        let expected = nodes.iter().filter_map(|node| node.weights).collect();
        let found = tree.layers.iter().filter_map(|node| node.weights).collect();
        self.pair_layers(expected, found);

        // Models with equal names first; then the remaining ones, in order.
        let mut rest: Vec<usize> = (0..stored.len()).collect();
        let mut waiting = Vec::new();
        for model in models {
            let same = rest.iter().position(|other| {
                let other = stored[*other];
                other.name == model.name && !is_automatic(&other.name, &other.kind)
            });
            match (same, &model.inside) {
                (Some(place), Some(inside)) => {
                    self.pair_inside(inside, stored[rest.remove(place)])?;
                }
                _ => waiting.extend(&model.inside),
            }
        }
        let kinds: Vec<&str> = rest
            .iter()
            .map(|other| stored[*other].kind.as_str())
            .collect();
        if !self.is_ordered && kinds.windows(2).any(|pair| pair[0] != pair[1]) {
            return self.pair_mixed(&waiting, rest.iter().map(|other| stored[*other]).collect());
        }
        for (inside, other) in waiting.iter().zip(rest) {
            self.pair_inside(inside, stored[other])?;
        }
        Ok(())
    }

    fn pair_inside(
        &mut self,
        inside: &Graph,
        other: &super::graph::Node,
    ) -> Result<(), Difference> {
        match &other.inside {
            Some(tree) => self.pair(inside, tree),
            None => Ok(()),
        }
    }

    /// Matches models with models of several classes, whose order relative to each other is unknown.
    fn pair_mixed(
        &mut self,
        models: &[&Graph],
        stored: Vec<&super::graph::Node>,
    ) -> Result<(), Difference> {
        let before = self.pairs.clone();
        let mut found: Vec<Pairs> = Vec::new();
        let orders = match models.len() <= MODELS_MAX {
            true => interleavings(&stored),
            false => vec![(0..stored.len()).collect()],
        };
        for order in &orders {
            self.pairs.clone_from(&before);
            for (inside, other) in models.iter().zip(order) {
                self.pair_inside(inside, stored[*other])?;
            }
            let is_new = |place: usize| before[place].is_none() && self.pairs[place].is_some();
            let mut new = (0..before.len()).filter(|place| is_new(*place));
            let fits =
                |place: usize| self.pairs[place].is_some_and(|other| self.sides.fits(place, other));
            if new.all(fits) && !found.contains(&self.pairs) {
                found.push(self.pairs.clone());
            }
        }
        if let [a, b, ..] = &found[..] {
            return Err(self.sides.ambiguous(a, b, ELSEWHERE));
        }
        if let Some(found) = found.pop() {
            self.pairs = found;
        }
        Ok(())
    }

    /// Matches layers of the same model in order, separately for each kind. Layers of kinds that do not occur
    /// on the other side are matched if they are all of one kind, or if the file has the order of all layers.
    fn pair_layers(&mut self, mut expected: Vec<usize>, mut stored: Vec<usize>) {
        expected.retain(|place| self.pairs[*place].is_none());
        stored.retain(|place| !self.pairs.contains(&Some(*place)));
        let mut others = Vec::new();
        for place in expected {
            let kind = &self.sides.expected[place].kind;
            match stored
                .iter()
                .position(|other| self.sides.stored[*other].kind == *kind)
            {
                Some(other) => self.pairs[place] = Some(stored.remove(other)),
                None => others.push(place),
            }
        }
        stored.retain(|other| {
            let kind = &self.sides.stored[*other].kind;
            self.sides.expected.iter().all(|layer| layer.kind != *kind)
        });
        let kinds: Vec<_> = stored
            .iter()
            .map(|other| &self.sides.stored[*other].kind)
            .collect();
        if self.is_ordered || kinds.windows(2).all(|pair| pair[0] == pair[1]) {
            for (place, other) in others.into_iter().zip(stored) {
                self.pairs[place] = Some(other);
            }
        }
    }
}

/// The layers with weights in a tree.
fn all_weights(tree: &Graph) -> Vec<usize> {
    let nodes = tree.layers.iter();
    nodes
        .flat_map(|node| {
            let inside = node.inside.as_ref().map(all_weights).unwrap_or_default();
            node.weights.into_iter().chain(inside)
        })
        .collect()
}

/// The orders of models that keep the order within each class.
fn interleavings(models: &[&super::graph::Node]) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..models.len() {
        let longer = all.into_iter().flat_map(|order| {
            let is_next = |place: &usize| {
                let earlier =
                    (0..*place).filter(|other| models[*other].kind == models[*place].kind);
                !order.contains(place) && earlier.into_iter().all(|other| order.contains(&other))
            };
            let next: Vec<usize> = (0..models.len()).filter(is_next).collect();
            next.into_iter()
                .map(move |place| [&order[..], &[place]].concat())
        });
        all = longer.collect();
    }
    all
}
