//! Selects the nodes that become the tail of the product before them in inference.
//!
//! `Conv2D => BatchNormalization => ReLU`, and an `Add` after it, are one pass: each sum of the product is
//! scaled, shifted, added to the skipped value in the output's buffer, and activated before it is written.

use super::root;
use crate::plan::{Edge, Fusion, Node, Plan, Role};

/// A node with the nodes of its tail.
pub(super) struct Unit {
    /// The nodes of the tail, in order: a line, a sum.
    pub(super) tail: Vec<usize>,
    /// The value that the sum overwrites.
    pub(super) onto: Option<Edge>,
}

/// The unit that each node begins; `None` for nodes without a computation or in a tail.
pub(super) fn units(
    plan: &Plan,
    roots: &[Edge],
    is_view: &dyn Fn(&Node) -> bool,
) -> Vec<Option<Unit>> {
    let computes: Vec<usize> = (0..plan.nodes.len())
        .filter(|number| {
            let node = &plan.nodes[*number];
            !is_view(node) && !matches!(node.role, Role::Part(_))
        })
        .collect();
    let mut units: Vec<Option<Unit>> = plan.nodes.iter().map(|_| None).collect();
    let mut rest = computes.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        let unit = unit(plan, roots, *first, behind);
        rest = &behind[unit.tail.len()..];
        units[*first] = Some(unit);
    }
    units
}

/// The unit that begins with `first`. The nodes in `behind` compute next.
fn unit(plan: &Plan, roots: &[Edge], first: usize, behind: &[usize]) -> Unit {
    let mut unit = Unit {
        tail: Vec::new(),
        onto: None,
    };
    let mut end = first;
    for number in behind {
        let node = &plan.nodes[*number];
        // An activation in the middle cannot be part of the epilogue.
        let goes_on = plan.nodes[end].takes_activation
            && plan.nodes[first].fusion == Fusion::Product
            && unit.onto.is_none()
            && node.inputs.contains(&Edge::Node(end))
            && plan.reads(Edge::Node(end)) == 1;
        match node.fusion {
            Fusion::Line if goes_on && unit.tail.is_empty() => {}
            Fusion::Sum if goes_on => match onto(plan, roots, first, end, *number) {
                None => break,
                other => unit.onto = other,
            },
            _ => break,
        }
        unit.tail.push(*number);
        end = *number;
    }
    unit
}

/// The other value of the sum `number`, if a product from `first` to `end` can be added to it in place: it
/// must be the output of a node, and neither other nodes nor the product itself may read it later.
fn onto(plan: &Plan, roots: &[Edge], first: usize, end: usize, number: usize) -> Option<Edge> {
    let [a, b] = *plan.nodes[number].inputs else {
        return None;
    };
    let other = root(roots, if a == Edge::Node(end) { b } else { a });
    let is_read = |edge: &Edge| root(roots, *edge) == other;
    let later = plan.nodes[number + 1..].iter();
    let mut read = later
        .flat_map(|node| &node.inputs)
        .chain(&plan.nodes[first].inputs)
        .chain(plan.heads.iter().map(|head| &head.from));
    let free = matches!(other, Edge::Node(_)) && !read.any(is_read);
    free.then_some(other)
}
