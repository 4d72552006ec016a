//! Matches the layers of a file with the layers of a model.

use super::by_order;
use super::compare::fits;
use super::expected::ExpectedLayer;
use super::graph::Graph;
use super::isomorphism::{Found, isomorphism};
use super::names::is_automatic;
use super::stored::{Stored, StoredLayer};
use crate::weights::Difference;
use std::collections::{BTreeMap, BTreeSet};

/// For each layer of the model, the index of its layer in the file.
pub(super) type Pairs = Vec<Option<usize>>;

/// The layers of both sides.
pub(super) struct Sides<'a> {
    pub(super) expected: &'a [ExpectedLayer],
    pub(super) stored: &'a [StoredLayer],
}

impl Sides<'_> {
    /// Whether a layer of the file fits a layer of the model, by its kind and the shapes of its tensors.
    pub(super) fn fits(&self, expected: usize, stored: usize) -> bool {
        let (e, s) = (&self.expected[expected], &self.stored[stored]);
        self.are_of_one_kind(e, s) && fits(e, s)
    }

    /// Whether the kinds are equal, or neither occurs on the other side, as for custom layers.
    fn are_of_one_kind(&self, expected: &ExpectedLayer, stored: &StoredLayer) -> bool {
        expected.kind == stored.kind
            || (self.expected.iter().all(|layer| layer.kind != stored.kind)
                && self.stored.iter().all(|layer| layer.kind != expected.kind))
    }

    /// Whether two layers of the model have the same kind and are in the same model.
    pub(super) fn are_beside(&self, a: usize, b: usize) -> bool {
        let [a, b] = [a, b].map(|place| &self.expected[place]);
        let above = |layer: &ExpectedLayer| layer.names.len() - 1;
        a.kind == b.kind && a.names[..above(a)] == b.names[..above(b)]
    }

    /// Whether every layer of the model has a fitting layer in the file, and the file has no others.
    pub(super) fn is_whole(&self, pairs: &[Option<usize>]) -> bool {
        let mut pairs = pairs.iter().enumerate();
        self.expected.len() == self.stored.len()
            && pairs.all(|(place, pair)| pair.is_some_and(|other| self.fits(place, other)))
    }

    /// The first layer for which two solutions differ.
    pub(super) fn ambiguous(
        &self,
        a: &[Option<usize>],
        b: &[Option<usize>],
        why: &'static str,
    ) -> Difference {
        let place = (0..a.len())
            .find(|place| a[*place] != b[*place])
            .unwrap_or_default();
        let candidate = |pair: Option<usize>| pair.map(|pair| self.stored[pair].described());
        Difference::Ambiguous {
            layer: self.expected[place].full_name(),
            candidates: [a[place], b[place]]
                .into_iter()
                .filter_map(candidate)
                .collect(),
            why,
        }
    }

    /// Returns an error if another solution is possible: a layer of the model fits several layers of the
    /// file, or the reverse.
    pub(super) fn only(&self, pairs: Pairs, why: &'static str) -> Result<Pairs, Difference> {
        if !self.is_whole(&pairs) {
            return Ok(pairs);
        }
        for place in 0..pairs.len() {
            let other = (0..pairs.len()).find(|other| {
                let (Some(a), Some(b)) = (pairs[place], pairs[*other]) else {
                    return false;
                };
                place != *other && self.fits(place, b) && self.fits(*other, a)
            });
            if let Some(other) = other {
                let mut otherwise = pairs.clone();
                otherwise.swap(place, other);
                return Err(self.ambiguous(&pairs, &otherwise, why));
            }
        }
        Ok(pairs)
    }
}

/// The file's graph differs from that of the model.
const OTHERWISE: &str = "the model in the file is connected otherwise";

/// Matches the layers, or reports which layer is ambiguous.
pub(super) fn pairs(
    expected: &[ExpectedLayer],
    graph: &Graph,
    stored: &Stored,
) -> Result<Pairs, Difference> {
    let sides = Sides {
        expected,
        stored: &stored.layers,
    };
    if stored.is_kerusts
        && let Some(pairs) = by_kerusts_names(&sides)
    {
        return Ok(pairs);
    }
    let chosen = by_chosen_names(&sides);
    if chosen.iter().all(Option::is_some) {
        return Ok(chosen);
    }
    if let Some(of_file) = &stored.graph {
        match isomorphism(&sides, graph, of_file, &chosen) {
            Found::One(pairs) => return Ok(pairs),
            Found::Several(a, b) => {
                return Err(sides.ambiguous(&a, &b, "both are connected in the same way"));
            }
            Found::None => {
                let pairs =
                    by_order::pairs(&sides, graph, &stored.tree, stored.is_ordered, &chosen)?;
                return sides.only(pairs, OTHERWISE);
            }
        }
    }
    by_order::certain(&sides, graph, stored, &chosen)
}

/// Matches the layers only by their names. Layers without a counterpart remain unmatched.
pub(super) fn pairs_by_name(expected: &[ExpectedLayer], stored: &Stored) -> Pairs {
    if stored.is_kerusts {
        let place = |layer: &ExpectedLayer| {
            let mut layers = stored.layers.iter();
            layers.position(|other| other.names.iter().eq(layer.names.iter()))
        };
        return expected.iter().map(place).collect();
    }
    by_chosen_names(&Sides {
        expected,
        stored: &stored.layers,
    })
}

/// Matches by all names, if both sides have the same names.
fn by_kerusts_names(sides: &Sides<'_>) -> Option<Pairs> {
    let full = |layer: &StoredLayer| layer.names.join(".");
    let places: BTreeMap<String, usize> = sides
        .stored
        .iter()
        .enumerate()
        .map(|(place, layer)| (full(layer), place))
        .collect();
    let names: BTreeSet<String> = sides
        .expected
        .iter()
        .map(ExpectedLayer::full_name)
        .collect();
    (names.len() == sides.expected.len() && names.iter().eq(places.keys())).then(|| {
        sides
            .expected
            .iter()
            .map(|layer| places.get(&layer.full_name()).copied())
            .collect()
    })
}

/// Matches by names that the user chose, if they occur on both sides: with the names of the containing
/// models, or by the layer's name alone if it is unique.
fn by_chosen_names(sides: &Sides<'_>) -> Pairs {
    let pair = |layer: &ExpectedLayer| {
        if is_automatic(layer.name(), &layer.kind) {
            return None;
        }
        let full = |other: &StoredLayer| other.names.iter().eq(layer.names.iter());
        if let Some(place) = sides.stored.iter().position(full) {
            return Some(place);
        }
        let has_name = |other: &&ExpectedLayer| other.name() == layer.name();
        let mut found =
            (0..sides.stored.len()).filter(|other| sides.stored[*other].name() == layer.name());
        let first = found.next()?;
        let is_only = found.next().is_none() && sides.expected.iter().filter(has_name).count() == 1;
        is_only.then_some(first)
    };
    sides.expected.iter().map(pair).collect()
}
