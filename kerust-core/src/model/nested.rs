//! A model as a layer of another one: its head's activation is applied inside.

use super::{Head, HeadPass, Heads, Model};
use crate::activation::HeadActivation;
use crate::layer::{Component, ComponentPass, LayerData, Layout, Operation, Pass};
use crate::layers::Activation;
use crate::memory::Memory;
use crate::rng::{Random, Rng};
use crate::tensor::Shape;
use core::marker::PhantomData;

/// `y = model(x)`
pub fn forward<M, I, A, O>(model: &M, x: &[f32], y: &mut [f32], scratch: &mut [f32])
where
    M: Model<Input = I, Heads = Head<A, O>>,
    I: Shape,
    A: HeadActivation,
    O: Shape,
{
    let mut memory = Memory::new(scratch, x.len() / I::LEN);
    model.logits(x, &mut memory, y);
    M::Heads::activate(y);
}

/// `y = model(x)` in a training step, whose buffers are `saved`.
pub fn forward_training<M, I, A, O>(
    model: &M,
    x: &[f32],
    y: &mut [f32],
    saved: &mut [f32],
    random: Random,
) where
    M: Model<Input = I, Heads = Head<A, O>>,
    I: Shape,
    A: HeadActivation,
    O: Shape,
{
    let mut memory = Memory::new(saved, x.len() / I::LEN);
    model.forward_training(x, &mut memory, random.within());
    y.copy_from_slice(M::heads(&mut memory).logits);
    M::Heads::activate(y);
}

/// A model's backward pass that hands the gradient of the input on, and may accumulate.
pub type Through<M> = fn(&M, &[f32], &mut Memory<'_>, &mut M, Option<&mut [f32]>, bool);

/// The backward pass; `through` is the model's own, which writes its input's gradient too.
pub fn backward<M, I, A, O>(
    model: &M,
    pass: ComponentPass<'_>,
    gradient: &mut M,
    through: Through<M>,
) where
    M: Model<Input = I, Heads = Head<A, O>>,
    I: Shape,
    A: HeadActivation,
    O: Shape,
{
    let mut memory = Memory::new(pass.saved, pass.x.len() / I::LEN);
    let HeadPass {
        logits,
        gradient: dlogits,
    } = M::heads(&mut memory);
    let activation = Pass {
        x: logits,
        y: pass.y,
        saved: &[],
        dy: pass.dy,
        dx: Some(dlogits),
        accumulate: false,
    };
    Activation::new(A::ACTIVATION, O::SHAPE.last()).backward(&(), activation, &mut ());
    through(
        model,
        pass.x,
        &mut memory,
        gradient,
        Some(pass.dx),
        pass.accumulate,
    );
}

/// What stands for a model with faults where it is a layer: it fits everywhere, and never runs.
pub struct Faulty<I, O>(PhantomData<fn() -> (I, O)>);

// SAFETY: no values.
unsafe impl<I: 'static, O: 'static> LayerData for Faulty<I, O> {
    const LAYOUT: Layout = Layout::Parts(&[]);
}

impl<I: Shape, O: Shape> Component for Faulty<I, O> {
    type Input = I;
    type Output = O;
    const ARENA_LEN: usize = 0;
    const TRAINING_LEN: usize = 0;
    const MACS: usize = 0;

    fn init(&mut self, _: &mut Rng) {}
    fn forward(&self, _: &[f32], _: &mut [f32], _: &mut [f32]) {}
    fn forward_training(&self, _: &[f32], _: &mut [f32], _: &mut [f32], _: Random) {}
    fn backward(&self, _: ComponentPass<'_>, _: &mut Self) {}
}
