//! Schedules the backward pass: which gradients are needed, where they are stored, and what is summed.

use super::{Back, Gradient, Location, Return, Training, live, push, root};
use crate::plan::{Edge, Node, Plan, Role};

/// The backward pass, built from the heads to the inputs.
pub(super) struct Backward<'a> {
    pub(super) plan: &'a Plan,
    pub(super) roots: Vec<Edge>,
    pub(super) learns: Vec<bool>,
    /// The index of its first step.
    pub(super) first: usize,
    /// The slot of the gradient of each node's output.
    pub(super) gradients: Vec<Option<usize>>,
    /// Whether a part of the input's gradient has been written.
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
            let outputs: Vec<usize> = [at].into_iter().chain(plan.parts(at)).collect();
            let is_asked = outputs
                .iter()
                .any(|output| self.gradients[*output].is_some());
            // Without trainable weights here or before it, only a model that contains this one as a layer
            // needs the gradient.
            if !is_asked || nested && !self.plan.hands_on() {
                continue;
            }
            let step = self.step();
            let (x, saved) = (call.x.clone(), call.saved);
            let y: Vec<Location> = [call.y].iter().chain(&call.parts).copied().collect();
            for place in x.iter().chain(&y) {
                live(&mut self.training.slots, *place, step);
            }
            let (dy, zeros) = self.outputs(&outputs, step);
            for slot in dy.iter().copied().chain([saved]).flatten() {
                live(&mut self.training.slots, Location::Slot(slot), step);
            }
            let mut parts = Vec::new();
            // The gradient of an input that is overwritten, or of the first input of a sum, is that of the
            // output.
            let mut handed_on = !(x == y || node.is_sum() && !nested);
            let mut dx = Vec::new();
            for edge in &node.inputs {
                let from = root(&self.roots, *edge);
                let learns = matches!(from, Edge::Node(from) if self.learns[from]);
                if let Some(dy) = dy[0].filter(|_| !handed_on && learns) {
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
                zeros,
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

    /// The slots of the gradients of a node's outputs, and those among them that nothing has written.
    fn outputs(&mut self, outputs: &[usize], step: usize) -> (Vec<Option<usize>>, Vec<usize>) {
        let mut zeros = Vec::new();
        let slots = outputs.iter().map(|output| {
            let node = &self.plan.nodes[*output];
            let written = self.gradients[*output];
            if written.is_some() || !node.output.is_float() {
                return written;
            }
            let label = format!("gradient of {}", node.name);
            let slot = push(
                &mut self.training.slots,
                label,
                node.output.gradient_len(),
                step,
            );
            zeros.push(slot);
            Some(slot)
        });
        let slots = slots.collect();
        (slots, zeros)
    }

    /// The destination of the gradient of one input. Parts that must be summed after the call are added to
    /// `parts`.
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
        let (label, data, learns) = match from {
            Edge::Node(from) => {
                let node = &self.plan.nodes[from];
                let label = format!("gradient of {}", node.name);
                (label, &node.output, self.learns[from])
            }
            Edge::Input(input) => {
                let of = match self.plan.inputs.as_slice() {
                    [_] => "the input".to_owned(),
                    inputs => inputs[input].name.to_string(),
                };
                let data = &self.plan.inputs[input].data;
                (format!("gradient of {of}"), data, false)
            }
        };
        if !data.is_float() {
            return None;
        }
        let len = data.gradient_len();
        let is_layer = self.plan.hands_on();
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

    /// Adds a part of the gradient of a node's output.
    fn gather(&mut self, node: usize, part: usize, nested: bool) {
        match self.gradients[node] {
            None => self.gradients[node] = Some(part),
            Some(whole) => self.sum(Gradient::Slot(whole), part, nested),
        }
    }

    fn sum(&mut self, into: Gradient, part: usize, nested: bool) {
        let step = self.step();
        if let Gradient::Slot(slot) = into {
            live(&mut self.training.slots, Location::Slot(slot), step);
        }
        live(&mut self.training.slots, Location::Slot(part), step);
        self.training
            .backward
            .push(Back::Sum { into, part, nested });
    }

    fn step(&self) -> usize {
        self.first + self.training.backward.len()
    }
}
