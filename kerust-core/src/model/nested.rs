//! A model as a layer of another model. The activation of its heads is applied inside.

use super::{HeadPass, Heads, Train};
use crate::element::Elements;
use crate::gradient::Gradient;
use crate::layer::{Component, Forward, LayerData, Layout, Operation, Pass};
use crate::memory::Memory;
use crate::rng::{LayerStep, Rng};
use crate::tensor::Tensors;
use core::marker::PhantomData;

/// The [`Operation`] of a model.
#[derive(Clone, Copy, Debug)]
pub struct Nested;

impl<M: Train> Forward<M, M::Input, M::Heads, f32> for Nested {
    fn forward(
        &self,
        model: &M,
        x: <M::Input as Elements>::Slices<'_>,
        mut y: <M::Heads as Elements>::SlicesMut<'_>,
        scratch: &mut [f32],
    ) {
        let mut memory = Memory::new(scratch, M::Input::samples(x));
        model.logits(x, &mut memory, M::Heads::reborrow(&mut y));
        M::Heads::activate(y);
    }
}

impl<M: Train> Operation<M, M::Input, M::Heads, f32, f32> for Nested {
    fn init(&self, model: &mut M, rng: &mut Rng) {
        model.init(rng);
    }

    fn forward_training(
        &self,
        model: &M,
        x: <M::Input as Elements>::Slices<'_>,
        mut y: <M::Heads as Elements>::SlicesMut<'_>,
        _scratch: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let mut memory = Memory::new(saved, M::Input::samples(x));
        model.forward_training(x, &mut memory, step.within());
        M::Heads::copy(M::heads(&mut memory).logits, M::Heads::reborrow(&mut y));
        M::Heads::activate(y);
    }

    fn backward(&self, model: &M, pass: Pass<'_, M::Input, M::Heads, f32>, gradient: Gradient<'_>) {
        let mut memory = Memory::new(pass.saved, M::Input::samples(pass.x));
        let HeadPass {
            logits,
            gradient: dlogits,
        } = M::heads(&mut memory);
        M::Heads::activation_gradient(logits, pass.y, pass.dy, dlogits);
        model.backward(pass.x, &mut memory, gradient, pass.dx, pass.accumulate);
    }

    fn update_state(&self, model: &mut M, observed: Gradient<'_>) {
        model.update_state(observed);
    }
}

/// A placeholder for a model with errors that is used as a layer: it fits everywhere and never runs.
pub struct Faulty<I, O>(PhantomData<fn() -> (I, O)>);

// SAFETY: it has no values.
unsafe impl<I: 'static, O: 'static> LayerData for Faulty<I, O> {
    const LAYOUT: Layout = Layout::Parts(&[]);
}

impl<I: Tensors, O: Tensors> Component for Faulty<I, O> {
    type Input = I;
    type Output = O;
    type Operation = Nested;
    const OPERATION: Nested = Nested;
    const SCRATCH_LEN: usize = 0;
    const SAVED_LEN: usize = 0;
    const GRADIENT_LEN: usize = 0;
    const MACS: Option<usize> = None;
}

impl<I: Tensors, O: Tensors> Forward<Faulty<I, O>, I, O, f32> for Nested {
    fn forward(&self, _: &Faulty<I, O>, _: I::Slices<'_>, _: O::SlicesMut<'_>, _: &mut [f32]) {}
}

impl<I: Tensors, O: Tensors> Operation<Faulty<I, O>, I, O, f32, f32> for Nested {
    fn backward(&self, _: &Faulty<I, O>, _: Pass<'_, I, O, f32>, _: Gradient<'_>) {}
}
