//! Executes a plan: runs its schedules with real buffers, step by step.
//!
//! Memory that is not in use by a slot is set to NaN at each step, so that a lifetime that is too short, or
//! memory that is used twice, shows in the results.

use super::kernel::{Back, Kernel, dims};
use super::memory::Memory;
use crate::plan::{Edge, Plan, Role};
use crate::schedule::{self, Call, Gradient, Inference, Location, Training};
use kerust_core::kernels::{Epilogue, sum_into};
use kerust_core::rng::{Seed, Step};
use std::collections::HashMap;

pub fn step() -> Step<'static> {
    Step::new(Seed(5), 0)
}

pub struct Net<'a> {
    pub plan: &'a Plan,
    pub kernels: Vec<Kernel>,
    /// The weights of each field.
    pub weights: HashMap<String, Vec<f32>>,
    pub batch: usize,
    pub inputs: Vec<Vec<f32>>,
}

/// The gradients of a step: those of the weights, and of the input if the model can be a layer.
pub struct Gradients {
    pub weights: HashMap<String, Vec<f32>>,
    pub input: Vec<f32>,
}

/// Pseudo-random numbers between -1 and 1.
pub fn waves(len: usize, by: f32) -> Vec<f32> {
    (0..len).map(|i| ((i + 1) as f32 * by).sin()).collect()
}

impl<'a> Net<'a> {
    pub fn new(plan: &'a Plan, batch: usize) -> Self {
        let mut kernels = Vec::new();
        let mut weights = HashMap::new();
        for (number, node) in plan.nodes.iter().enumerate() {
            let kernel = Kernel::of(plan, node);
            let [len, trained] = kernel.weights();
            let mut values = waves(len, 0.7 + number as f32);
            // Variances must not be negative.
            values[trained..]
                .iter_mut()
                .for_each(|value| *value = 0.5 + value.abs());
            weights.entry(node.field().to_string()).or_insert(values);
            kernels.push(kernel);
        }
        let inputs = plan.inputs.iter().enumerate();
        let inputs = inputs.map(|(number, input)| {
            let len = input.data.known_shape().expect("a known shape").len();
            waves(batch * len, 1.3 + number as f32)
        });
        Self {
            plan,
            kernels,
            weights,
            batch,
            inputs: inputs.collect(),
        }
    }

    pub fn len(&self, edge: Edge) -> usize {
        dims(self.plan, edge).iter().product()
    }

    fn of(&self, node: usize) -> (&Kernel, &[f32]) {
        let field = self.plan.nodes[node].field().to_string();
        (&self.kernels[node], &self.weights[&field])
    }

    /// The heads computed without a plan, with a separate buffer for each value.
    pub fn plain(&self) -> Vec<Vec<f32>> {
        let values = self.values(&|node, w, x, y| match self.plan.nodes[node].role {
            Role::TrainingOnly => y.copy_from_slice(x[0]),
            _ => self.kernels[node].forward(w, x, y),
        });
        let heads = self.plan.heads.iter();
        heads
            .map(|head| self.value(head.from, &values).to_vec())
            .collect()
    }

    /// Whether a small step of some weight would cross a kink in training.
    pub fn near_a_kink(&self) -> bool {
        let near = std::cell::Cell::new(false);
        self.values(&|node, w, x, y| {
            let kind = &self.plan.layers[self.plan.nodes[node].layer].kind;
            near.set(near.get() || self.kernels[node].near_a_kink(kind, x));
            let mut saved = vec![f32::NAN; 2 * y.len()];
            self.kernels[node].forward_training(w, x, y, &mut saved, step().layer(node as u64));
        });
        near.get()
    }

    #[allow(clippy::type_complexity, reason = "one closure, called here")]
    fn values(&self, compute: &dyn Fn(usize, &[f32], &[&[f32]], &mut [f32])) -> Vec<Vec<f32>> {
        let mut values: Vec<Vec<f32>> = Vec::new();
        for (number, node) in self.plan.nodes.iter().enumerate() {
            let x: Vec<&[f32]> = node
                .inputs
                .iter()
                .map(|it| self.value(*it, &values))
                .collect();
            let mut y = vec![f32::NAN; self.batch * self.len(Edge::Node(number))];
            compute(number, self.of(number).1, &x, &mut y);
            values.push(y);
        }
        values
    }

    fn value<'v>(&'v self, edge: Edge, values: &'v [Vec<f32>]) -> &'v [f32] {
        match edge {
            Edge::Input(input) => &self.inputs[input],
            Edge::Node(node) => &values[node],
        }
    }

    /// The heads computed with the schedule of inference.
    pub fn inference(&self, schedule: &Inference) -> Vec<Vec<f32>> {
        let heads = self.plan.heads.iter().enumerate();
        let mut memory = Memory::new(self, &schedule.slots, &schedule.outputs);
        for (step, call) in schedule.calls.iter().enumerate() {
            memory.begin(step);
            let (kernel, w) = self.of(call.node);
            let x: Vec<Vec<f32>> = call.x.iter().map(|x| memory.read(*x)).collect();
            memory.apart(call);
            let y = if !call.tail.is_empty() {
                self.tailed(call, &memory)
            } else if call.x.contains(&call.y) {
                self.overwritten(call, &memory)
            } else {
                let x: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
                let mut y = vec![f32::NAN; self.batch * self.len(Edge::Node(call.node))];
                kernel.forward(w, &x, &mut y);
                y
            };
            memory.write(call.y, &y);
        }
        memory.begin(schedule.calls.len());
        for (head, from) in &schedule.copies {
            let values = memory.read(*from);
            memory.write(Location::Output(*head), &values);
        }
        heads
            .map(|(head, _)| memory.read(Location::Output(head)))
            .collect()
    }

    /// The output of a product with a tail.
    fn tailed(&self, call: &Call, memory: &Memory<'_>) -> Vec<f32> {
        let mut y = vec![f32::NAN; self.batch * self.len(Edge::Node(call.node))];
        if call.tail.iter().any(|part| self.plan.nodes[*part].is_sum()) {
            assert!(
                !call.x.contains(&call.y),
                "a sum overwrites what it is made of"
            );
            y = memory.read(call.y);
        }
        let mut line = call.line.map_or_else(Vec::new, |slot| memory.fresh(slot));
        let (mut line, mut epilogue) = (Some(line.as_mut_slice()), Epilogue::NONE);
        for part in &call.tail {
            let (kernel, w) = self.of(*part);
            let line = line.take().unwrap_or_default();
            epilogue = kernel.fuse(&self.plan.nodes[*part], w, epilogue, line);
        }
        let (kernel, w) = self.of(call.node);
        kernel.forward_fused(w, &memory.read(call.x[0]), &mut y, epilogue);
        y
    }

    /// The output of a call that overwrites an input.
    fn overwritten(&self, call: &Call, memory: &Memory<'_>) -> Vec<f32> {
        let (kernel, w) = self.of(call.node);
        let mut y = memory.read(call.y);
        if self.plan.nodes[call.node].in_place {
            kernel.forward_in_place(w, &mut y);
            return y;
        }
        let parts = call.x.iter().filter(|place| **place != call.y);
        let parts: Vec<Vec<f32>> = parts.map(|part| memory.read(*part)).collect();
        let x: Vec<&[f32]> = [&y].into_iter().chain(&parts).map(Vec::as_slice).collect();
        let mut sum = vec![f32::NAN; y.len()];
        kernel.forward(w, &x, &mut sum);
        sum
    }

    /// The logits of a training step.
    pub fn logits(&self, schedule: &Training) -> Vec<Vec<f32>> {
        self.forward(schedule).0
    }

    /// The logits of a training step, and the gradients of `Σ logits·upstream`.
    pub fn training(
        &self,
        schedule: &Training,
        upstream: &[Vec<f32>],
    ) -> (Vec<Vec<f32>>, Gradients) {
        let (logits, mut memory) = self.forward(schedule);
        for ([_, gradient], upstream) in schedule.heads.iter().zip(upstream) {
            memory.write(Location::Slot(*gradient), upstream);
        }
        (logits, self.backward(schedule, memory))
    }

    fn forward<'s>(&'s self, schedule: &'s Training) -> (Vec<Vec<f32>>, Memory<'s>) {
        let mut memory = Memory::new(self, &schedule.slots, &[]);
        for (step, call) in schedule.forward.iter().enumerate() {
            memory.begin(step);
            let (kernel, w) = self.of(call.node);
            if call.x.contains(&call.y) {
                let y = self.overwritten(call, &memory);
                memory.write(call.y, &y);
                continue;
            }
            memory.apart(call);
            let x: Vec<Vec<f32>> = call.x.iter().map(|x| memory.read(*x)).collect();
            let x: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
            let mut y = vec![f32::NAN; self.batch * self.len(Edge::Node(call.node))];
            let mut saved = call.saved.map_or_else(Vec::new, |slot| memory.fresh(slot));
            let random = self::step().layer(call.node as u64);
            kernel.forward_training(w, &x, &mut y, &mut saved, random);
            memory.write(call.y, &y);
            call.saved
                .inspect(|slot| memory.write(Location::Slot(*slot), &saved));
        }
        memory.begin(schedule.forward.len());
        for (slot, from) in &schedule.copies {
            let values = memory.read(*from);
            memory.write(Location::Slot(*slot), &values);
        }
        let logits = schedule
            .heads
            .iter()
            .map(|[logits, _]| memory.read(Location::Slot(*logits)));
        (logits.collect(), memory)
    }

    fn backward(&self, schedule: &Training, mut memory: Memory<'_>) -> Gradients {
        let nan = |values: &Vec<f32>| vec![f32::NAN; values.len()];
        let weights = self.weights.iter();
        let mut weights: HashMap<_, _> =
            weights.map(|(name, it)| (name.clone(), nan(it))).collect();
        let is_layer = self.plan.is_layer();
        let mut through = nan(&self.inputs[0]);
        for (number, back) in schedule.backward.iter().enumerate() {
            memory.begin(schedule.forward.len() + 1 + number);
            let call = match back {
                schedule::Back::Call(call) => call,
                schedule::Back::Sum { into, part, .. } => {
                    let part = memory.read(Location::Slot(*part));
                    match into {
                        Gradient::Slot(slot) => {
                            let mut sum = memory.read(Location::Slot(*slot));
                            sum_into(&mut sum, &part);
                            memory.write(Location::Slot(*slot), &sum);
                        }
                        _ => sum_into(&mut through, &part),
                    }
                    continue;
                }
            };
            let (kernel, w) = self.of(call.node);
            let (output, upstream) = (call.y[0], call.dy[0].expect("a gradient"));
            let y = memory.read(output);
            if call.x == call.y {
                let mut dy = memory.read(Location::Slot(upstream));
                kernel.backward_in_place(&y, &mut dy);
                memory.write(Location::Slot(upstream), &dy);
                continue;
            }
            let forgets = self.plan.nodes[call.node].forgets_output;
            let y = if forgets { vec![f32::NAN; y.len()] } else { y };
            let x: Vec<Vec<f32>> = call.x.iter().map(|x| memory.read(*x)).collect();
            let x: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
            let mut saved = call
                .saved
                .map_or_else(Vec::new, |slot| memory.read(Location::Slot(slot)));
            let mut dy = memory.read(Location::Slot(upstream));
            let mut dx: Vec<Option<Vec<f32>>> = call
                .dx
                .iter()
                .zip(&x)
                .map(|(dx, x)| dx.map(|_| vec![f32::NAN; x.len()]))
                .collect();
            let mut slices: Vec<Option<&mut [f32]>> =
                dx.iter_mut().map(|dx| dx.as_deref_mut()).collect();
            let back = Back {
                x: &x,
                y: &y,
                saved: &mut saved,
                dy: &mut dy,
                dx: &mut slices,
                accumulate: call.again,
            };
            let field = self.plan.nodes[call.node].field().to_string();
            kernel.backward(w, back, weights.get_mut(&field).expect("a field"));
            // It may hold scratch, unless a sum passes it on.
            let left = match self.plan.nodes[call.node].is_sum() {
                true => dy,
                false => vec![f32::NAN; dy.len()],
            };
            memory.write(Location::Slot(upstream), &left);
            for (to, dx) in call.dx.iter().zip(dx) {
                let Some(dx) = dx else { continue };
                match to.expect("a place for what was computed") {
                    Gradient::Slot(slot) | Gradient::NestedSlot(slot) => {
                        assert_ne!(slot, upstream, "the gradient overwrites what it is made of");
                        memory.write(Location::Slot(slot), &dx);
                    }
                    Gradient::Through | Gradient::ThroughOr(_) => through = dx,
                }
            }
        }
        Gradients {
            weights,
            input: if is_layer { through } else { Vec::new() },
        }
    }
}
