//! Matches the layers of two graphs with the same connections.

use super::graph::{Flat, Graph, Value};
use super::matching::{Pairs, Sides};
use std::cell::Cell;

/// The result of the search.
pub(super) enum Found {
    None,
    One(Pairs),
    /// Two different solutions of several.
    Several(Pairs, Pairs),
}

/// The maximum number of uses that are visited before the search is given up.
const STEPS_MAX: usize = 1 << 20;
/// The maximum number of inputs for which every order is tried, if the order does not matter.
const ORDERED_MAX: usize = 4;

/// Matches the layers of a model with those of a file from the outputs to the inputs. Layers without weights
/// that have one input may exist on one side only. Activations must match on both sides; only if that finds
/// nothing, they are ignored.
/// then nothing is found.
pub(super) fn isomorphism(
    sides: &Sides<'_>,
    graph: &Graph,
    of_file: &Graph,
    chosen: &[Option<usize>],
) -> Found {
    let (Some(a), Some(b)) = (graph.flat(), of_file.flat()) else {
        return Found::None;
    };
    if a.outputs.len() != b.outputs.len() {
        return Found::None;
    }
    for is_strict in [true, false] {
        let search = Search {
            sides,
            a: &a,
            b: &b,
            is_strict,
            steps: Cell::new(STEPS_MAX),
        };
        let mut found = Vec::new();
        let state = State {
            pairs: chosen.to_vec(),
            call_of: vec![None; a.calls.len()],
            is_taken: vec![false; b.calls.len()],
        };
        let work = a.outputs.iter().copied().zip(b.outputs.iter().copied());
        search.solve(state, work.rev().collect(), &mut found);
        match found.len() {
            0 => {}
            // If everything that is known matches, the solutions compute the same.
            _ if is_strict => return Found::One(found.swap_remove(0)),
            1 => return Found::One(found.swap_remove(0)),
            _ => {
                let second = found.swap_remove(1);
                return Found::Several(found.swap_remove(0), second);
            }
        }
    }
    Found::None
}

struct Search<'a> {
    sides: &'a Sides<'a>,
    a: &'a Flat<'a>,
    b: &'a Flat<'a>,
    is_strict: bool,
    steps: Cell<usize>,
}

#[derive(Clone)]
struct State {
    pairs: Pairs,
    call_of: Vec<Option<usize>>,
    is_taken: Vec<bool>,
}

impl Search<'_> {
    /// Matches the values in `work` and everything that they depend on. Adds the solutions to `found`, and
    /// stops at the second one.
    fn solve(&self, mut state: State, mut work: Vec<(Value, Value)>, found: &mut Vec<Pairs>) {
        while let Some((a, b)) = work.pop() {
            let Some(steps) = self.steps.get().checked_sub(1) else {
                return;
            };
            self.steps.set(steps);
            let ((a, of_a), (b, of_b)) = (self.a.seen(a), self.b.seen(b));
            if self.is_strict && of_a != of_b {
                return;
            }
            let (a, b) = match (a, b) {
                (Value::Input(a), Value::Input(b)) if a == b => continue,
                (Value::Call(a, output), Value::Call(b, other)) if output == other => (a, b),
                _ => return,
            };
            if state.call_of[a] == Some(b) {
                continue;
            }
            if !self.pair(&mut state, a, b) {
                return;
            }
            let (from_a, from_b) = (&self.a.calls[a].inputs, &self.b.calls[b].inputs);
            let commutes = self.a.layers[self.a.calls[a].layer].commutes();
            if commutes && (2..=ORDERED_MAX).contains(&from_a.len()) {
                for order in orders(from_a.len()) {
                    let mut work = work.clone();
                    work.extend(
                        from_a
                            .iter()
                            .copied()
                            .zip(order.iter().map(|place| from_b[*place]))
                            .rev(),
                    );
                    self.solve(state.clone(), work, found);
                    if found.len() > 1 {
                        return;
                    }
                }
                return;
            }
            work.extend(from_a.iter().copied().zip(from_b.iter().copied()).rev());
        }
        if !found.contains(&state.pairs) && state.pairs.iter().all(Option::is_some) {
            found.push(state.pairs);
        }
    }

    /// Matches two uses if they and their layers can be matched.
    fn pair(&self, state: &mut State, a: usize, b: usize) -> bool {
        let (call_a, call_b) = (&self.a.calls[a], &self.b.calls[b]);
        let (node_a, node_b) = (self.a.layers[call_a.layer], self.b.layers[call_b.layer]);
        if state.call_of[a].is_some()
            || state.is_taken[b]
            || call_a.inputs.len() != call_b.inputs.len()
        {
            return false;
        }
        let is_pair = match (node_a.weights, node_b.weights) {
            (Some(a), Some(b)) => match state.pairs[a] {
                Some(other) => other == b,
                None => !state.pairs.contains(&Some(b)) && self.sides.fits(a, b),
            },
            (None, None) => node_a.kind == node_b.kind,
            _ => false,
        };
        if is_pair {
            state.call_of[a] = Some(b);
            state.is_taken[b] = true;
            if let Some(layer) = node_a.weights {
                state.pairs[layer] = node_b.weights;
            }
        }
        is_pair
    }
}

/// All permutations of `len` items, the identity first.
fn orders(len: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..len {
        all = all
            .into_iter()
            .flat_map(|order| {
                let rest = (0..len)
                    .filter(|place| !order.contains(place))
                    .collect::<Vec<_>>();
                rest.into_iter()
                    .map(move |place| [&order[..], &[place]].concat())
            })
            .collect();
    }
    all
}
