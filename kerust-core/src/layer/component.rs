//! Custom layers and nested models: the layers that `model!` names by a path.

use super::{Forward, LayerData};
use crate::model::{Graph, Setting};
use crate::tensor::Tensors;

/// Names a layer in `model!`: the layer that `Self` creates for an input of shape `Input`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer for an input of shape `{Input}`",
    label = "does not take `{Input}`",
    note = "implement `kerust::Build<{Input}>` for `{Self}`"
)]
pub trait Build<Input> {
    /// The layer's weights.
    type Layer: Component<Input = Input>;
}

/// The computation of a layer over whole batches, as the built-in layers do it: with scratch, and with inputs
/// and outputs of any element type.
///
/// Every [`Layer`](super::Layer) and every model implements it, so that a model can be a layer of another
/// model. Implement it by hand if `Layer` is not enough.
pub trait Component: LayerData {
    /// The input shape, or a tuple of shapes.
    type Input: Tensors;
    /// The output shape, or a tuple of shapes.
    type Output: Tensors;
    /// The type that computes the layer. For training it must implement [`Operation<Self, Self::Input,
    /// Self::Output, f32, f32>`](super::Operation).
    type Operation: Forward<Self, Self::Input, Self::Output, f32>;
    /// The value that computes the layer.
    const OPERATION: Self::Operation;
    /// The number of scratch values that inference needs for each sample.
    const SCRATCH_LEN: usize;
    /// The number of values that a training step saves for each sample.
    const SAVED_LEN: usize;
    /// The number of values in the layer's gradient.
    const GRADIENT_LEN: usize;
    /// The inner layers, if this is a model.
    const GRAPH: Option<&'static Graph> = None;
    /// The training settings of the declaration, if this is a model.
    const SETTINGS: &'static [Setting] = &[];
    /// Multiply-adds of one inference. `None` if unknown.
    const MACS: Option<usize>;
}
