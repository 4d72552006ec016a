//! The backward pass: who needs a gradient, where it stands, and what is summed.

use super::{Back, Gradient, Place, Return, Training, live, push, root};
use crate::plan::{Edge, Node, Plan, Role};

/// The backward pass while it is put in order, from the heads to the inputs.
pub(super) struct Backward<'a> {
    pub(super) plan: &'a Plan,
    pub(super) roots: Vec<Edge>,
    pub(super) learns: Vec<bool>,
    /// The number of its first step.
    pub(super) first: usize,
    /// Where the gradient of each node's output stands.
    pub(super) gradients: Vec<Option<usize>>,
    /// Whether a part of the input's gradient was written.
    pub(super) through: bool,
    pub(super) training: &'a mut Training,
}

impl Backward<'_> {
    pub(super) fn schedule(mut self) {
        for (number, head) in self.plan.heads.iter().enumerate() {
            let slot = self.training.heads[number][1];
            if let Edge::Node(end) = root(&self.roots, head.from) {
                let nested = !self.learns[end];
                self.gather(end, slot, nested);
            }
        }
        let mut seen: Vec<&proc_macro2::Ident> = Vec::new();
        for number in (0..self.training.forward.len()).rev() {
            let plan = self.plan;
            let call = &self.training.forward[number];
            let at = call.node;
            let node = &plan.nodes[at];
            let nested = !self.learns[at];
            // Without weights here or before it nobody asks, but a model that this one is a layer
            // of.
            let Some(dy) = self.gradients[at].filter(|_| !nested || self.plan.is_layer()) else {
                continue;
            };
            let step = self.step();
            let (x, y, saved) = (call.x.clone(), call.y, call.saved);
            for place in x.iter().copied().chain([y]) {
                live(&mut self.training.slots, place, step);
            }
            for slot in [Some(dy), saved].into_iter().flatten() {
                live(&mut self.training.slots, Place::Slot(slot), step);
            }
            let mut parts = Vec::new();
            // The gradient of an input that is overwritten, or of the first that is summed, is that of the output.
            let mut handed_on = !(x == [y] || node.is_sum() && !nested);
            let mut dx = Vec::new();
            for edge in &node.inputs {
                let from = root(&self.roots, *edge);
                if !handed_on && matches!(from, Edge::Node(from) if self.learns[from]) {
                    handed_on = true;
                    parts.push((from, dy, false));
                    dx.push(None);
                } else {
                    dx.push(self.input(node, *edge, nested, step, &mut parts));
                }
            }
            let again = node.weights.is_some() && seen.contains(&node.field());
            seen.extend(node.weights.is_some().then_some(node.field()));
            self.training.backward.push(Back::Call(Return {
                node: at,
                x,
                y,
                saved,
                dy,
                dx,
                nested,
                again,
            }));
            for (from, part, nested) in parts {
                match from {
                    Edge::Node(from) => self.gather(from, part, nested),
                    Edge::Input(_) => self.sum(Gradient::Through, part, true),
                }
            }
        }
    }

    /// Where the gradient of one input goes; what is to be summed behind the call goes to `parts`.
    fn input(
        &mut self,
        node: &Node,
        edge: Edge,
        nested: bool,
        step: usize,
        parts: &mut Vec<(Edge, usize, bool)>,
    ) -> Option<Gradient> {
        let from = root(&self.roots, edge);
        let always = node.role == Role::Custom;
        let (label, len, learns) = match from {
            Edge::Node(from) => {
                let node = &self.plan.nodes[from];
                let label = format!("gradient of {}", node.name);
                (label, node.output.len(), self.learns[from])
            }
            Edge::Input(input) => {
                let of = match self.plan.inputs.as_slice() {
                    [_] => "the input".to_owned(),
                    inputs => inputs[input].name.to_string(),
                };
                let len = self.plan.inputs[input].data.len();
                (format!("gradient of {of}"), len, false)
            }
        };
        let is_layer = self.plan.is_layer();
        if !learns && !is_layer && !always {
            return None;
        }
        let first = matches!(from, Edge::Input(_)) && is_layer && !self.through;
        if first {
            self.through = true;
            if !always {
                return Some(Gradient::Through);
            }
        }
        let slot = push(&mut self.training.slots, label, len, step);
        if first {
            return Some(Gradient::ThroughOr(slot));
        }
        if learns || is_layer {
            parts.push((from, slot, !learns));
        }
        Some(if learns || nested || always {
            Gradient::Slot(slot)
        } else {
            Gradient::NestedSlot(slot)
        })
    }

    /// Takes a part of the gradient of a node's output.
    fn gather(&mut self, node: usize, part: usize, nested: bool) {
        match self.gradients[node] {
            None => self.gradients[node] = Some(part),
            Some(whole) => self.sum(Gradient::Slot(whole), part, nested),
        }
    }

    fn sum(&mut self, into: Gradient, part: usize, nested: bool) {
        let step = self.step();
        if let Gradient::Slot(slot) = into {
            live(&mut self.training.slots, Place::Slot(slot), step);
        }
        live(&mut self.training.slots, Place::Slot(part), step);
        self.training
            .backward
            .push(Back::Sum { into, part, nested });
    }

    fn step(&self) -> usize {
        self.first + self.training.backward.len()
    }
}
