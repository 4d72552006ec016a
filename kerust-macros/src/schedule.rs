//! The order of the nodes' computations, and the lifetimes of the buffers.
//!
//! A buffer lives from the step that writes it to the last step that reads it. `kerust_core::memory` computes
//! the offsets, such that buffers that are never live at the same time can share memory: here if all sizes
//! are known, otherwise in the expansion.

mod backward;
mod inference;
mod tails;

use crate::plan::{Edge, Form, Node, Plan, Role, ValueType};
use backward::Backward;
pub use inference::inference;
use kerust_core::element::Dtype;
use kerust_core::memory::{self, Buffer, WORD_BYTES};
use proc_macro2::TokenStream;

/// A buffer to be planned.
pub struct Slot {
    pub label: String,
    /// The number of values for one sample.
    pub len: TokenStream,
    /// Their element type.
    pub element: Element,
    pub first: usize,
    pub last: usize,
}

/// The element type of a buffer.
pub enum Element {
    Known(Dtype),
    /// The element type of this tensor, which rustc knows.
    Of(TokenStream),
}

impl Element {
    fn of(data: &ValueType) -> Self {
        match &data.form {
            Form::Typed(path) => Self::Of(path.clone()),
            _ => Self::Known(data.dtype),
        }
    }

    /// Whether it is known to be `f32`.
    pub fn is_float(&self) -> bool {
        matches!(self, Self::Known(Dtype::F32))
    }
}

impl Slot {
    /// The length, if it is known here.
    pub fn known_len(&self) -> Option<usize> {
        self.len.to_string().parse().ok()
    }

    /// The buffer, if its length and type are known here.
    fn known(&self) -> Option<Buffer> {
        let Element::Known(dtype) = self.element else {
            return None;
        };
        let buffer = Buffer::new(self.known_len()?, self.first, self.last);
        Some(buffer.of_dtype(dtype))
    }

    /// Its size in words, if it is known here.
    fn known_words(&self) -> Option<usize> {
        Some(self.known()?.bytes().div_ceil(WORD_BYTES))
    }
}

/// The address of each slot, if all lengths are known here: rustc would take a thousand times as long.
/// Addresses run through the outputs, one after the other, and then through the arena.
pub fn addresses(slots: &[Slot], outputs: &[Slot]) -> Option<Vec<usize>> {
    let buffers =
        |slots: &[Slot]| -> Option<Vec<Buffer>> { slots.iter().map(Slot::known).collect() };
    let (buffers, outputs) = (buffers(slots)?, buffers(outputs)?);
    let [mut addresses, mut order, mut next] = [(); 3].map(|()| vec![0; buffers.len()]);
    memory::place(&buffers, &outputs, &mut addresses, [&mut order, &mut next]);
    Some(addresses)
}

/// The place of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Location {
    /// In the caller's input with this index.
    Input(usize),
    /// In the caller's output with this index.
    Output(usize),
    /// In the slot with this index.
    Slot(usize),
}

/// One inference.
pub struct Inference {
    pub slots: Vec<Slot>,
    /// The caller's outputs, which hold slots until they are written.
    pub outputs: Vec<Slot>,
    /// The address of each slot, if all lengths are known here.
    pub addresses: Option<Vec<usize>>,
    pub calls: Vec<Call>,
    /// The outputs that are copied at the end, with their sources.
    pub copies: Vec<(usize, Location)>,
    /// The step after which each node's output is available.
    pub steps: Vec<usize>,
    /// The masks of the outputs: the number of the output, and the place of its mask.
    pub masks: Vec<(usize, Location)>,
}

impl Inference {
    /// The number of words for one sample in the arena's slots that are live at `step`, if all lengths are
    /// known here.
    pub fn in_use(&self, step: usize) -> Option<usize> {
        let arena: usize = self.outputs.iter().filter_map(Slot::known_words).sum();
        let slots = self.slots.iter().zip(self.addresses.as_ref()?);
        let living = slots.filter(|(slot, address)| {
            slot.first <= step && step <= slot.last && **address >= arena
        });
        living.map(|(slot, _)| slot.known_words()).sum()
    }
}

/// The forward call of a node.
pub struct Call {
    pub node: usize,
    pub x: Vec<Location>,
    /// One of the places of `x` if the node overwrites it.
    pub y: Location,
    /// The places of its further outputs.
    pub parts: Vec<Location>,
    /// The slot of the values that training saves, or of the scratch of inference.
    pub saved: Option<usize>,
    /// The nodes in the tail of a product in inference, in order.
    pub tail: Vec<usize>,
    /// The slot of the tail's line.
    pub line: Option<usize>,
}

/// One training step.
#[derive(Default)]
pub struct Training {
    pub slots: Vec<Slot>,
    pub forward: Vec<Call>,
    /// The slots of logits that are copied at the end, with their sources.
    pub copies: Vec<(usize, Location)>,
    /// The slots of each head's logits and of their gradient.
    pub heads: Vec<[usize; 2]>,
    /// The masks of the outputs: the number of the output, and the place of its mask.
    pub masks: Vec<(usize, Location)>,
    pub backward: Vec<Back>,
}

/// A step of the backward pass.
pub enum Back {
    Call(Return),
    /// Adds another part of a gradient.
    Sum {
        into: Gradient,
        part: usize,
        /// Only if the model is a layer of another model.
        nested: bool,
    },
}

/// The destination of a value's gradient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gradient {
    /// The slot with this index.
    Slot(usize),
    /// The slot with this index, but only if the model is a layer of another model.
    NestedSlot(usize),
    /// The model that contains this one as a layer.
    Through,
    /// That model, or the slot if there is none.
    ThroughOr(usize),
}

/// The backward call of a node.
pub struct Return {
    pub node: usize,
    pub x: Vec<Location>,
    /// The places of its outputs.
    pub y: Vec<Location>,
    pub saved: Option<usize>,
    /// The gradient of each output; `None` if it has none.
    pub dy: Vec<Option<usize>>,
    /// The slots of gradients that are zero, because nothing reads the output.
    pub zeros: Vec<usize>,
    /// The destination for each input; `None` if nothing before it trains.
    pub dx: Vec<Option<Gradient>>,
    /// Only if the model is a layer of another model.
    pub nested: bool,
    /// Whether the gradient of its layer has been written before, so that it must be added.
    pub again: bool,
}

/// Schedules a training step: forward pass, loss, backward pass.
pub fn training(plan: &Plan) -> Training {
    let is_view = |node: &Node| node.role == Role::Alias;
    let roots = roots(plan, &is_view);
    let learns = learns(plan);
    let mut slots: Vec<Slot> = Vec::new();
    let mut places: Vec<Location> = Vec::new();
    let mut forward: Vec<Call> = Vec::new();
    for (number, node) in plan.nodes.iter().enumerate() {
        if let Role::Part(of) = node.role {
            places.push(forward[forward.len() - 1].parts[number - of - 1]);
            continue;
        }
        let x: Vec<Location> = node
            .inputs
            .iter()
            .map(|edge| place(*edge, &places))
            .collect();
        if is_view(node) {
            places.push(x[0]);
            continue;
        }
        let step = forward.len();
        x.iter().for_each(|x| live(&mut slots, *x, step));
        let name = node.name.to_string();
        let overwritten = overwritten(plan, &roots, number, &learns);
        let y = match overwritten.map(|value| place(value, &places)) {
            Some(place) => place,
            None => Location::Slot(push_value(&mut slots, name.clone(), &node.output, step)),
        };
        let parts = plan.parts(number).map(|part| {
            let part = &plan.nodes[part];
            Location::Slot(push_value(
                &mut slots,
                part.name.to_string(),
                &part.output,
                step,
            ))
        });
        let parts = parts.collect();
        let saved = node
            .saved
            .clone()
            .map(|len| push(&mut slots, format!("saved by {name}"), len, step));
        places.push(y);
        forward.push(Call {
            node: number,
            x,
            y,
            parts,
            saved,
            tail: Vec::new(),
            line: None,
        });
    }

    let loss = forward.len();
    let mut heads: Vec<[usize; 2]> = Vec::new();
    let mut copies = Vec::new();
    for head in &plan.heads {
        let of = match plan.heads.len() {
            1 => "the output".to_owned(),
            _ => head.name.to_string(),
        };
        let from = place(head.from, &places);
        live(&mut slots, from, loss);
        let logits = match from {
            Location::Slot(slot) if heads.iter().all(|[taken, _]| *taken != slot) => slot,
            _ => {
                let slot = push_value(&mut slots, of.clone(), &head.data, loss);
                copies.push((slot, from));
                slot
            }
        };
        let label = format!("gradient of {of}");
        heads.push([logits, push(&mut slots, label, head.data.len(), loss)]);
    }
    let masks = masks(plan, &places, loss, &mut slots);
    let mut training = Training {
        slots,
        forward,
        copies,
        heads,
        masks,
        backward: Vec::new(),
    };
    Backward {
        plan,
        roots,
        learns,
        first: loss + 1,
        gradients: vec![None; plan.nodes.len()],
        through: false,
        training: &mut training,
    }
    .schedule();
    training
}

/// The input that a node can overwrite in training: nothing else reads it in the forward and the backward
/// pass.
fn overwritten(plan: &Plan, roots: &[Edge], number: usize, learns: &[bool]) -> Option<Edge> {
    let node = &plan.nodes[number];
    let values = node.overwritable(node.from_output).iter();
    values.map(|edge| root(roots, *edge)).find(|value| {
        let Edge::Node(from) = *value else {
            return false;
        };
        let inputs = plan.nodes.iter().filter(|node| node.role != Role::Alias);
        let read = inputs.flat_map(|node| &node.inputs);
        let heads = plan.heads.iter().map(|head| &head.from);
        let reads = read
            .chain(heads)
            .filter(|edge| root(roots, **edge) == *value);
        plan.nodes[from].forgets_output && learns[from] && reads.count() == 1
    })
}

/// Whether each node has a gradient, and trainable weights in it or before it.
fn learns(plan: &Plan) -> Vec<bool> {
    let mut learns: Vec<bool> = Vec::new();
    for node in &plan.nodes {
        if let Role::Part(of) = node.role {
            learns.push(learns[of] && node.output.is_float());
            continue;
        }
        let before = node.inputs.iter().any(|edge| match edge {
            Edge::Input(_) => false,
            Edge::Node(from) => learns[*from],
        });
        let trains = node.weights.is_some() && !plan.layers[node.layer].frozen;
        learns.push(before || trains);
    }
    learns
}

/// The value that each node's output refers to, after resolving views.
fn roots(plan: &Plan, is_view: &dyn Fn(&Node) -> bool) -> Vec<Edge> {
    let mut roots: Vec<Edge> = Vec::new();
    for (number, node) in plan.nodes.iter().enumerate() {
        roots.push(if is_view(node) {
            root(&roots, node.inputs[0])
        } else {
            Edge::Node(number)
        });
    }
    roots
}

fn root(roots: &[Edge], edge: Edge) -> Edge {
    match edge {
        Edge::Input(_) => edge,
        Edge::Node(number) => roots[number],
    }
}

fn place(edge: Edge, places: &[Location]) -> Location {
    match edge {
        Edge::Input(number) => Location::Input(number),
        Edge::Node(number) => places[number],
    }
}

/// Adds a buffer of `len` values of `f32`.
fn push(slots: &mut Vec<Slot>, label: String, len: TokenStream, step: usize) -> usize {
    slots.push(Slot {
        label,
        len,
        element: Element::Known(Dtype::F32),
        first: step,
        last: step,
    });
    slots.len() - 1
}

/// Adds a buffer for values of this shape and type.
fn push_value(slots: &mut Vec<Slot>, label: String, data: &ValueType, step: usize) -> usize {
    let slot = push(slots, label, data.len(), step);
    slots[slot].element = Element::of(data);
    slot
}

/// The masks of the outputs, which are read after `step`.
fn masks(
    plan: &Plan,
    places: &[Location],
    step: usize,
    slots: &mut [Slot],
) -> Vec<(usize, Location)> {
    let heads = plan.heads.iter().enumerate();
    let masks = heads.filter_map(|(head, it)| Some((head, place(it.mask?, places))));
    let masks: Vec<(usize, Location)> = masks.collect();
    masks.iter().for_each(|(_, mask)| live(slots, *mask, step));
    masks
}

fn live(slots: &mut [Slot], place: Location, step: usize) {
    if let Location::Slot(slot) = place {
        slots[slot].last = slots[slot].last.max(step);
    }
}

#[cfg(test)]
mod tests;
