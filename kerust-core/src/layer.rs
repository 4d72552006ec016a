//! Layers: weights as plain data, and the traits that compute with them.
//!
//! The weights of a layer are a `#[repr(C)]` struct of arrays ([`LayerData`]). Its configuration is a
//! constant. These traits are implemented for the configuration:
//! - [`Forward`] is inference: from inputs to outputs, each with its own element type.
//! - [`Operation`] adds training: initial weights, the forward pass of a training step, and the backward
//!   pass.
//! - [`InPlace`], [`Product`] and [`Fuse`] are optional. With them inference saves memory and passes over it.
//!
//! A custom layer implements [`Layer`], which works on one sample, and [`Build`] for the name that is written
//! in `model!`. A `Layer`, or a model that is used as a layer, becomes an `Operation` through its
//! [`Component`].

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

/// The inference of a layer. `self` is the configuration and `W` the weights.
///
/// `X`, `Y` and `S` are the element types of the inputs, the outputs and the scratch. Slices hold whole
/// batches, one sample after the other. The batch size follows from their length.
pub trait Forward<W, X: Elements = f32, Y: Elements = f32, S: Elements = ()> {
    /// Computes the outputs: `y = f(x)`. Every value of `y` is written. `scratch` may hold any values before
    /// and after.
    fn forward(
        &self,
        weights: &W,
        x: X::Slices<'_>,
        y: Y::SlicesMut<'_>,
        scratch: S::SlicesMut<'_>,
    );
}

/// The training of a layer. `V` is the element types of the values that the forward pass of a step saves for
/// the backward pass.
pub trait Operation<W, X: Elements = f32, Y: Elements = f32, S: Elements = (), V: Elements = ()>:
    Forward<W, X, Y, S>
{
    /// Fills the weights, which are all 0, with their initial values.
    fn init(&self, _weights: &mut W, _rng: &mut Rng) {}

    /// The forward pass of a training step. It writes to `saved` whatever [`backward`](Self::backward) needs
    /// besides `x` and `y`. `step` provides random numbers and says whether the layer is frozen.
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

    /// The backward pass: computes the gradients of the inputs and of the weights from those of the outputs.
    ///
    /// `gradient.of::<W>()` is the gradient of the weights, or `None` if the layer is frozen; the gradients
    /// of the inputs are written in either case. State that has no gradient, such as a moving average, also
    /// has space in it: the layer stores there what it observed in this step, and [`update_state`](Self::update_state)
    /// reads it.
    fn backward(&self, weights: &W, pass: Pass<'_, X, Y, V>, gradient: Gradient<'_>);

    /// Updates the layer's state from the values that [`backward`](Self::backward) observed in this step.
    fn update_state(&self, _weights: &mut W, _observed: Gradient<'_>) {}
}

/// The buffers of a backward pass over one batch.
pub struct Pass<'a, X: Elements = f32, Y: Elements = f32, V: Elements = ()> {
    /// The layer's inputs.
    pub x: X::Slices<'a>,
    /// The layer's outputs.
    pub y: Y::Slices<'a>,
    /// The values that `forward_training` saved. The layer may overwrite them.
    pub saved: V::SlicesMut<'a>,
    /// The gradients of the outputs. The layer may overwrite them.
    pub dy: Y::Gradients<'a>,
    /// The gradients of the inputs, to be written in full. `None` if the gradient is not needed, because no
    /// layer before this one trains.
    pub dx: X::GradientsOut<'a>,
    /// If true, the gradient of the weights is added to the values in the buffer (for a layer that is used
    /// twice). If false, it replaces them.
    pub accumulate: bool,
}

/// A layer whose inference can overwrite one of its inputs with its output.
///
/// `T` is the element type of that input and of the output. `X` is the element types of the other inputs.
pub trait InPlace<W, X: Elements = (), T: Element = f32, S: Elements = ()> {
    /// Computes `y = f(y, x)`, with exactly the results of [`forward`](Forward::forward).
    fn forward_in_place(
        &self,
        weights: &W,
        y: &mut [T],
        x: X::Slices<'_>,
        scratch: S::SlicesMut<'_>,
    );
}

/// A layer whose backward pass needs only its output. Training can then write the output over the input, and
/// the gradient of the input over that of the output.
pub trait BackwardInPlace<W> {
    /// The backward pass: replaces the gradient of the output `y` by the gradient of the input.
    fn backward_in_place(&self, weights: &W, y: &[f32], dy: &mut [f32]);
}

/// A layer whose inference is a matrix product, which can apply the layers after it in the same pass.
pub trait Product<W> {
    /// Computes `y = epilogue(f(x))`: the layer and the layers fused with it. The layer itself has no
    /// activation.
    ///
    /// `x` is `None` if the input is in `y`. Only a layer that is [`InPlace`] is called this way. `scratch`
    /// is then the scratch of [`InPlace`], and empty otherwise.
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
    /// Appends this layer to the epilogue `before`. `line` holds as many values as the layer's row in the
    /// catalogue says.
    fn fuse<'l>(&self, weights: &'l W, before: Epilogue<'l>, line: &'l mut [f32]) -> Epilogue<'l>;
}
