//! When each node computes, and how long each buffer lives.
//!
//! A buffer lives from the step that writes it to the last step that reads it. The offsets follow
//! in the expansion, from `kerust::memory::Plan`, which gives buffers that never meet one place.

use crate::plan::{Edge, Node, Plan, Role};
use proc_macro2::TokenStream;

/// A buffer to be planned.
pub struct Slot {
    pub label: String,
    pub len: TokenStream,
    pub first: usize,
    pub last: usize,
}

/// Where a value lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the caller's input.
    Input,
    /// In the caller's output.
    Output,
    /// In the slot of this number.
    Slot(usize),
}

/// One inference.
pub struct Inference {
    pub slots: Vec<Slot>,
    pub calls: Vec<Call>,
    /// Where the head's values lie; they are copied to the output if not there.
    pub head: Place,
    /// The step at which each node's output stands ready.
    pub steps: Vec<usize>,
}

/// The forward call of a node.
pub struct Call {
    pub node: usize,
    pub x: Place,
    /// The same place as `x` where the node overwrites its input.
    pub y: Place,
    pub saved: Option<usize>,
}

/// One training step.
pub struct Training {
    pub slots: Vec<Slot>,
    pub forward: Vec<Call>,
    /// Where the head's values lie; the input is copied to `logits` if it is the head.
    pub head: Place,
    pub logits: usize,
    pub gradient: usize,
    pub backward: Vec<Return>,
}

/// The backward call of a node.
pub struct Return {
    pub node: usize,
    pub x: Place,
    pub y: Place,
    pub saved: Option<usize>,
    pub dy: usize,
    /// `None` where nothing before it learns.
    pub dx: Option<usize>,
}

/// Schedules one inference.
pub fn inference(plan: &Plan) -> Inference {
    let is_view = |node: &Node| matches!(node.role, Role::Alias | Role::TrainingOnly);
    let end = root(plan, plan.head.from, &is_view);
    let mut slots: Vec<Slot> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    let mut steps = Vec::new();
    let mut calls = Vec::new();
    for (number, node) in plan.nodes.iter().enumerate() {
        let x = place(node.inputs[0], &places);
        if is_view(node) {
            steps.push(calls.len().saturating_sub(1));
            places.push(x);
            continue;
        }
        let step = calls.len();
        if let Place::Slot(slot) = x {
            slots[slot].last = step;
        }
        let readers = readers(plan, root(plan, node.inputs[0], &is_view), &is_view);
        let overwrites = node.overwrite.is_some()
            && readers.iter().all(|reader| *reader <= number)
            && matches!(x, Place::Slot(_));
        let y = if end == Edge::Node(number) {
            Place::Output
        } else if overwrites {
            x
        } else {
            slots.push(Slot {
                label: node.name.to_string(),
                len: node.output.len(),
                first: step,
                last: step,
            });
            Place::Slot(slots.len() - 1)
        };
        calls.push(Call {
            node: number,
            x,
            y,
            saved: None,
        });
        steps.push(step);
        places.push(y);
    }
    Inference {
        head: place(plan.head.from, &places),
        slots,
        calls,
        steps,
    }
}

/// Schedules one training step: forward, the loss, backward.
pub fn training(plan: &Plan) -> Training {
    let is_view = |node: &Node| node.role == Role::Alias;
    let mut slots: Vec<Slot> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    let mut forward: Vec<Call> = Vec::new();
    for (number, node) in plan.nodes.iter().enumerate() {
        let x = place(node.inputs[0], &places);
        if is_view(node) {
            places.push(x);
            continue;
        }
        let step = forward.len();
        live(&mut slots, x, step);
        let name = node.name.to_string();
        let y = push(&mut slots, name.clone(), node.output.len(), step);
        let saved = node
            .saved
            .clone()
            .map(|len| push(&mut slots, format!("saved by {name}"), len, step));
        places.push(Place::Slot(y));
        forward.push(Call {
            node: number,
            x,
            y: Place::Slot(y),
            saved,
        });
    }

    let loss = forward.len();
    let head = place(plan.head.from, &places);
    let logits = match head {
        Place::Slot(slot) => slot,
        _ => push(&mut slots, "output".to_owned(), plan.head.data.len(), loss),
    };
    slots[logits].last = loss;
    let len = plan.head.data.len();
    let gradient = push(&mut slots, "gradient of the output".to_owned(), len, loss);

    let learns = learns(plan);
    let mut gradients: Vec<Option<usize>> = vec![None; plan.nodes.len()];
    if let Edge::Node(end) = root(plan, plan.head.from, &is_view) {
        gradients[end] = Some(gradient);
    }
    let mut backward = Vec::new();
    for call in forward.iter().rev() {
        let node = &plan.nodes[call.node];
        let from = root(plan, node.inputs[0], &is_view);
        let before = matches!(from, Edge::Node(from) if learns[from]);
        // Without a gradient the head does not depend on it; without weights here or before it,
        // nobody asks.
        let Some(dy) = gradients[call.node].filter(|_| learns[call.node]) else {
            continue;
        };
        let step = loss + 1 + backward.len();
        live(&mut slots, call.x, step);
        live(&mut slots, call.y, step);
        for slot in [Some(dy), call.saved].into_iter().flatten() {
            live(&mut slots, Place::Slot(slot), step);
        }
        let dx = (before || node.role == Role::Custom).then(|| {
            let (label, len) = match from {
                Edge::Node(from) => {
                    let node = &plan.nodes[from];
                    (format!("gradient of {}", node.name), node.output.len())
                }
                Edge::Input(_) => ("gradient of the input".to_owned(), plan.input.len()),
            };
            push(&mut slots, label, len, step)
        });
        if let (Edge::Node(from), true) = (from, before) {
            gradients[from] = dx;
        }
        backward.push(Return {
            node: call.node,
            x: call.x,
            y: call.y,
            saved: call.saved,
            dy,
            dx,
        });
    }
    Training {
        slots,
        forward,
        head,
        logits,
        gradient,
        backward,
    }
}

/// Whether each node has weights, or one before it has.
fn learns(plan: &Plan) -> Vec<bool> {
    let mut learns: Vec<bool> = Vec::new();
    for node in &plan.nodes {
        let before = node.inputs.iter().any(|edge| match edge {
            Edge::Input(_) => false,
            Edge::Node(from) => learns[*from],
        });
        learns.push(before || node.weights.is_some());
    }
    learns
}

/// The value that an edge shows, behind all views.
fn root(plan: &Plan, mut edge: Edge, is_view: &dyn Fn(&Node) -> bool) -> Edge {
    while let Edge::Node(number) = edge
        && is_view(&plan.nodes[number])
    {
        edge = plan.nodes[number].inputs[0];
    }
    edge
}

/// The nodes that compute from a value.
fn readers(plan: &Plan, value: Edge, is_view: &dyn Fn(&Node) -> bool) -> Vec<usize> {
    let nodes = plan.nodes.iter().enumerate();
    nodes
        .filter(|(_, node)| !is_view(node))
        .filter(|(_, node)| {
            let mut inputs = node.inputs.iter();
            inputs.any(|input| root(plan, *input, is_view) == value)
        })
        .map(|(number, _)| number)
        .collect()
}

fn place(edge: Edge, places: &[Place]) -> Place {
    match edge {
        Edge::Input(_) => Place::Input,
        Edge::Node(number) => places[number],
    }
}

fn push(slots: &mut Vec<Slot>, label: String, len: TokenStream, step: usize) -> usize {
    slots.push(Slot {
        label,
        len,
        first: step,
        last: step,
    });
    slots.len() - 1
}

fn live(slots: &mut [Slot], place: Place, step: usize) {
    if let Place::Slot(slot) = place {
        slots[slot].last = slots[slot].last.max(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;
    use quote::quote;

    fn plan(tokens: TokenStream) -> Plan {
        let mut report = Report::default();
        let model = crate::parse::model(tokens, &mut report).expect("a model");
        let plan = crate::infer::plan(&model, &mut report);
        if let Some(error) = report.into_error() {
            panic!("{error}");
        }
        plan
    }

    fn lives(slots: &[Slot]) -> Vec<(&str, usize, usize)> {
        let slots = slots.iter();
        slots
            .map(|slot| (slot.label.as_str(), slot.first, slot.last))
            .collect()
    }

    #[test]
    fn views_take_no_buffer() {
        let plan =
            plan(quote!(Input(4, 4, 2) => Conv2D(3, 3x3) => Flatten => Dropout(0.5) => Dense(2)));
        assert_eq!(lives(&inference(&plan).slots), [("conv2d", 0, 1)]);
    }

    #[test]
    fn an_activation_in_the_middle_overwrites_its_input() {
        let plan = plan(quote!(Input(4) => Dense(8, gelu) => Dense(2)));
        let inference = inference(&plan);
        assert_eq!(lives(&inference.slots), [("dense", 0, 2)]);
        assert_eq!(inference.calls[1].x, inference.calls[1].y);
    }

    #[test]
    fn gradients_end_where_nothing_learns() {
        let plan = plan(quote!(Input(4) => Rescaling(0.5) => Dense(8, relu) => Dense(2)));
        let training = training(&plan);
        assert_eq!(
            lives(&training.slots),
            [
                ("rescaling", 0, 5),
                ("dense", 1, 5),
                ("dense_1", 2, 4),
                ("gradient of the output", 3, 4),
                ("gradient of dense", 4, 5),
            ]
        );
        assert_eq!(training.backward.len(), 2);
        assert!(training.backward[1].dx.is_none());
    }

    #[test]
    fn what_is_saved_lives_until_it_is_read() {
        let plan = plan(quote!(Input(4) => Dropout(0.1) => Dense(8) => Dropout(0.1) => Dense(2)));
        let training = training(&plan);
        let saved = lives(&training.slots)
            .into_iter()
            .filter(|(label, ..)| label.starts_with("saved"));
        assert_eq!(
            saved.collect::<Vec<_>>(),
            [("saved by dropout", 0, 0), ("saved by dropout_1", 2, 6)]
        );
    }
}
