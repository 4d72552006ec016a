//! What a layer is: plain data, and how it computes.
//!
//! A layer's numbers are a `#[repr(C)]` struct of arrays ([`LayerData`]); its configuration is a
//! constant. Both together compute:
//!
//! - [`Forward`] is inference: from inputs to outputs, each with its own element type.
//! - [`Operation`] adds what training needs: initial weights, the forward pass of a step, the backward
//!   pass.
//! - [`InPlace`], [`Product`] and [`Fuse`] are what inference may do beyond `forward`, to save memory and
//!   passes over it.
//!
//! A layer of one's own implements [`Layer`], over one sample, and [`Build`] for the name that stands in
//! `model!`. The [`Component`] of a `Layer`, and of a model that is used as a layer, leads from there to
//! the same `Operation`.

mod component;
mod data;
mod own;

pub use component::{Build, Component};
pub(crate) use data::weights;
pub use data::{LayerData, Layout, Part};
pub use own::{Layer, Own};

use crate::element::{Element, Elements};
use crate::gradient::Gradient;
use crate::kernels::Epilogue;
use crate::rng::{LayerStep, Rng};

/// How a layer infers; `self` is its configuration and `W` its weights.
///
/// `X`, `Y` and `S` are the element types of its inputs, its outputs and its scratch. Slices hold whole
/// batches, sample after sample; the batch size follows from their length.
pub trait Forward<W, X: Elements = f32, Y: Elements = f32, S: Elements = ()> {
    /// Inference: `y = f(x)`. Every value of `y` is written. The contents of `scratch` are
    /// arbitrary before and after.
    fn forward(
        &self,
        weights: &W,
        x: X::Slices<'_>,
        y: Y::SlicesMut<'_>,
        scratch: S::SlicesMut<'_>,
    );
}

/// How a layer trains; `V` are the element types of what the forward pass of a step saves for the
/// backward pass.
pub trait Operation<W, X: Elements = f32, Y: Elements = f32, S: Elements = (), V: Elements = ()>:
    Forward<W, X, Y, S>
{
    /// Fills freshly zeroed weights with their initial values.
    fn init(&self, _weights: &mut W, _rng: &mut Rng) {}

    /// The forward pass of a training step. What [`backward`](Self::backward) needs beyond `x` and `y` goes
    /// into `saved`. Random numbers are drawn from `step`, which also says whether the layer is frozen.
    fn forward_training(
        &self,
        weights: &W,
        x: X::Slices<'_>,
        y: Y::SlicesMut<'_>,
        scratch: S::SlicesMut<'_>,
        _saved: V::SlicesMut<'_>,
        _step: LayerStep<'_>,
    ) {
        self.forward(weights, x, y, scratch);
    }

    /// The backward pass: from the gradients of the outputs to those of the inputs and of the weights.
    ///
    /// `gradient.of::<W>()` is the gradient of the weights, `None` where the layer is frozen; the gradients
    /// of the inputs are written all the same. State that training moves but no gradient reaches, such as a
    /// moving average, has a place in it too: there the layer leaves what the step observed, for
    /// [`absorb`](Self::absorb).
    fn backward(&self, weights: &W, pass: Pass<'_, X, Y, V>, gradient: Gradient<'_>);

    /// Moves the layer's state by what a step observed, which [`backward`](Self::backward) left.
    fn absorb(&self, _weights: &mut W, _observed: Gradient<'_>) {}
}

/// The buffers of a backward pass over one batch.
pub struct Pass<'a, X: Elements = f32, Y: Elements = f32, V: Elements = ()> {
    /// The layer's inputs.
    pub x: X::Slices<'a>,
    /// The layer's outputs.
    pub y: Y::Slices<'a>,
    /// What `forward_training` saved; the layer may use it as scratch.
    pub saved: V::SlicesMut<'a>,
    /// The gradients of the outputs; the layer may use them as scratch.
    pub dy: Y::Gradients<'a>,
    /// Where the gradients of the inputs go; every value is written. `None` where nobody asks for one,
    /// because nothing before the layer trains.
    pub dx: X::GradientsOut<'a>,
    /// Whether the weights' gradient is added to what stands there (for a layer that is used twice), or
    /// replaces it.
    pub accumulate: bool,
}

/// A layer whose inference can write its output over one of its inputs.
///
/// `T` is the element type of that input and of the output, and `X` those of the other inputs.
pub trait InPlace<W, X: Elements = (), T: Element = f32, S: Elements = ()> {
    /// Inference: `y = f(y, x)`, with the bits of [`forward`](Forward::forward).
    fn forward_in_place(
        &self,
        weights: &W,
        y: &mut [T],
        x: X::Slices<'_>,
        scratch: S::SlicesMut<'_>,
    );
}

/// A layer whose backward pass needs its output alone, so that training may write its output over its
/// input, and the input's gradient over the output's.
pub trait BackwardInPlace<W> {
    /// The backward pass: turns the gradient of the output `y` into that of the input.
    fn backward_in_place(&self, weights: &W, y: &[f32], dy: &mut [f32]);
}

/// A layer whose inference is a matrix product, which can do what follows it in the same pass.
pub trait Product<W> {
    /// Inference with what follows: `y = epilogue(f(x))`. The layer itself has no activation.
    ///
    /// `x` is `None` where the input stands in `y`; only a layer that is [`InPlace`] is called so, and its
    /// `scratch` is that of [`InPlace`], empty otherwise.
    fn forward_fused(
        &self,
        weights: &W,
        x: Option<&[f32]>,
        y: &mut [f32],
        scratch: &mut [f32],
        epilogue: Epilogue<'_>,
    );
}

/// A layer that can become part of the epilogue of the [`Product`] before it.
pub trait Fuse<W> {
    /// The epilogue `before`, with this layer behind it. `line` holds as many values as the layer's row
    /// in the catalogue says.
    fn fuse<'l>(&self, weights: &'l W, before: Epilogue<'l>, line: &'l mut [f32]) -> Epilogue<'l>;
}
