//! What a path in `model!` stands for.

use super::{Forward, LayerData};
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

/// How a layer of one's own computes, as one of the catalogue does: over whole batches, with scratch, and
/// with inputs and outputs of any element type.
///
/// It is implemented for each [`Layer`](super::Layer), and for each model, which can be a layer of another
/// one. Implement it by hand where `Layer` is not enough.
pub trait Component: LayerData {
    /// The shape before it, or a tuple of shapes.
    type Input: Tensors;
    /// The shape after it, or a tuple of shapes.
    type Output: Tensors;
    /// How it computes. Where the model trains, it is an
    /// [`Operation<Self, Self::Input, Self::Output, f32, f32>`](super::Operation).
    type Operation: Forward<Self, Self::Input, Self::Output, f32>;
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
