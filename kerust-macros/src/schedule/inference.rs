//! Schedules an inference: which layers are fused, which values are overwritten, and which are written
//! directly to an output.

use super::tails::units;
use super::{Call, Element, Inference, Location, Slot, addresses, live, masks, place};
use super::{push, push_value, root, roots};
use crate::plan::{Edge, Fusion, Node, Plan, Role};
use kerust_core::element::Dtype;
use proc_macro2::Literal;
use quote::ToTokens;
use std::collections::HashMap;

/// Schedules one inference.
pub fn inference(plan: &Plan) -> Inference {
    let is_view = |node: &Node| matches!(node.role, Role::Alias | Role::TrainingOnly);
    let roots = roots(plan, &is_view);
    let units = units(plan, &roots, &is_view);
    let last_reader = last_readers(plan, &roots, &is_view);
    // The values that a unit can overwrite: no later node reads them, and the first node does not read them
    // twice.
    let overwritable = |number: usize| -> Vec<Edge> {
        if let Some(onto) = units[number].as_ref().and_then(|unit| unit.onto) {
            return vec![onto];
        }
        let node = &plan.nodes[number];
        let read: Vec<Edge> = node.inputs.iter().map(|edge| root(&roots, *edge)).collect();
        let once = |value: &Edge| read.iter().filter(|other| *other == value).count() == 1;
        let values = node.overwritable(node.in_place).iter();
        values
            .map(|edge| root(&roots, *edge))
            .filter(|value| last_reader.get(value) == Some(&number) && once(value))
            .collect()
    };
    // The first node and the last node of the unit that computes each value.
    let mut ends: Vec<[usize; 2]> = (0..plan.nodes.len()).map(|number| [number; 2]).collect();
    for (first, unit) in units.iter().enumerate() {
        let tail = unit.iter().flat_map(|unit| &unit.tail);
        let end = tail.clone().last().copied().unwrap_or(first);
        [first]
            .iter()
            .chain(tail)
            .for_each(|number| ends[*number] = [first, end]);
    }
    // The values that are written directly to an output: the heads, and values that are overwritten until
    // they become one.
    let mut outputs: HashMap<Edge, usize> = HashMap::new();
    for (head, it) in plan.heads.iter().enumerate() {
        outputs.entry(root(&roots, it.from)).or_insert(head);
    }
    for (head, it) in plan.heads.iter().enumerate() {
        let mut end = root(&roots, it.from);
        while let Edge::Node(number) = end
            && outputs[&end] == head
        {
            let mut before = overwritable(ends[number][0]).into_iter();
            let free =
                |value: &Edge| matches!(value, Edge::Node(_)) && !outputs.contains_key(value);
            let Some(value) = before.find(free) else {
                break;
            };
            outputs.insert(value, head);
            end = value;
        }
    }
    let mut slots: Vec<Slot> = Vec::new();
    let mut places: Vec<Location> = Vec::new();
    let mut steps = Vec::new();
    let mut calls: Vec<Call> = Vec::new();
    for (number, node) in plan.nodes.iter().enumerate() {
        if let Role::Part(of) = node.role {
            let call = &calls[calls.len() - 1];
            steps.push(calls.len() - 1);
            places.push(call.parts[number - of - 1]);
            continue;
        }
        let x: Vec<Location> = node
            .inputs
            .iter()
            .map(|edge| place(*edge, &places))
            .collect();
        if is_view(node) {
            steps.push(calls.len().saturating_sub(1));
            places.push(x[0]);
            continue;
        }
        let Some(unit) = &units[number] else {
            steps.push(calls.len() - 1);
            places.push(calls[calls.len() - 1].y);
            continue;
        };
        let step = calls.len();
        x.iter().for_each(|x| live(&mut slots, *x, step));
        let overwritten = overwritable(number)
            .into_iter()
            .find(|value| matches!(place(*value, &places), Location::Slot(_)));
        let end = ends[number][1];
        let y = match (outputs.get(&Edge::Node(end)), overwritten) {
            (Some(head), _) => Location::Output(*head),
            (None, Some(value)) => place(value, &places),
            (None, None) => {
                let end = &plan.nodes[end];
                let name = end.name.to_string();
                Location::Slot(push_value(&mut slots, name, &end.output, step))
            }
        };
        live(&mut slots, y, step);
        let parts = plan.parts(number).map(|number| {
            let part = &plan.nodes[number];
            match outputs.get(&Edge::Node(number)) {
                Some(head) => Location::Output(*head),
                None => {
                    let name = part.name.to_string();
                    Location::Slot(push_value(&mut slots, name, &part.output, step))
                }
            }
        });
        let parts = parts.collect();
        let kept = node.in_place_scratch.filter(|_| x.contains(&y));
        let scratch = kept.map(|len| Literal::usize_unsuffixed(len).to_token_stream());
        let scratch = scratch.or(node.scratch.clone()).map(|len| {
            let label = format!("scratch of {}", node.name);
            let slot = push(&mut slots, label, len, step);
            if plan.is_twin {
                slots[slot].element = Element::Known(Dtype::I32);
            }
            slot
        });
        let line = unit.tail.iter().find_map(|number| {
            let node = &plan.nodes[*number];
            let len = node.saved.clone().filter(|_| node.fusion == Fusion::Line)?;
            Some(push(
                &mut slots,
                format!("line of {}", node.name),
                len,
                step,
            ))
        });
        calls.push(Call {
            node: number,
            x,
            y,
            parts,
            saved: scratch,
            tail: unit.tail.clone(),
            line,
        });
        steps.push(step);
        places.push(y);
    }
    let copies = plan.heads.iter().enumerate();
    let copies = copies
        .map(|(head, it)| (head, place(it.from, &places)))
        .filter(|(head, place)| *place != Location::Output(*head));
    let masks = masks(plan, &places, calls.len(), &mut slots);
    let outputs = plan.heads.iter().enumerate().map(|(head, it)| {
        let writes = |call: &Call| {
            let output = Location::Output(head);
            call.y == output || call.parts.contains(&output)
        };
        Slot {
            label: it.name.to_string(),
            len: it.data.len(),
            element: Element::of(&it.data),
            // Outputs that are copied are written after all calls.
            first: calls.iter().position(writes).unwrap_or(calls.len()),
            last: usize::MAX,
        }
    });
    let outputs: Vec<Slot> = outputs.collect();
    Inference {
        copies: copies.collect(),
        addresses: addresses(&slots, &outputs),
        outputs,
        slots,
        calls,
        steps,
        masks,
    }
}

/// The last node that reads each value.
fn last_readers(
    plan: &Plan,
    roots: &[Edge],
    is_view: &dyn Fn(&Node) -> bool,
) -> HashMap<Edge, usize> {
    let mut last = HashMap::new();
    for (number, node) in plan.nodes.iter().enumerate() {
        for edge in node.inputs.iter().filter(|_| !is_view(node)) {
            last.insert(root(roots, *edge), number);
        }
    }
    last
}
