//! What a path in `model!` stands for.

use super::{LayerData, Operation};
use crate::model::{Graph, Setting};
use crate::tensor::Tensors;

/// Names a layer in `model!`: what `Self` becomes behind an input of shape `Input`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer behind an output of shape `{Input}`",
    label = "takes no `{Input}`",
    note = "implement `kerust::Build<{Input}>` for `{Self}`"
)]
pub trait Build<Input> {
    /// The layer with its weights.
    type Layer: Component<Input = Input>;
}

/// A [`Layer`](super::Layer) of one's own, or a model that is used as a layer: how it computes as one of
/// the catalogue does. Implemented for both; nothing else needs to implement it.
pub trait Component: LayerData {
    /// The shape before it, or a tuple of shapes.
    type Input: Tensors;
    /// The shape after it, or a tuple of shapes.
    type Output: Tensors;
    /// How it computes.
    type Operation: Operation<Self, Self::Input, Self::Output, f32, f32>;
    /// How it computes.
    const OPERATION: Self::Operation;
    /// Values of scratch that inference takes for each sample.
    const SCRATCH_LEN: usize;
    /// Values that a training step saves for each sample.
    const SAVED_LEN: usize;
    /// Values of its gradient.
    const GRADIENT_LEN: usize;
    /// The layers inside, where it is a model.
    const GRAPH: Option<&'static Graph> = None;
    /// What its declaration says about training, where it is a model.
    const SETTINGS: &'static [Setting] = &[];
    /// Multiply-adds of one inference, if known.
    const MACS: Option<usize>;
}
