//! What a `model!` expands to, as traits.

use crate::activation::HeadActivation;
use crate::data::Data;
use crate::layer::LayerData;
use crate::memory::Memory;
use crate::rng::{Rng, Step};
use crate::shape;
use crate::tensor::{Shape, Tensor};
use core::marker::PhantomData;

/// What is known of one layer while compiling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LayerInfo {
    /// The layer's name in its model: `conv2d`, `dense_1`.
    pub name: &'static str,
    /// The layer's kind: `Conv2D`.
    pub kind: &'static str,
    /// The layer as declared, without what changes no inference: `Conv2D(10, 3x3, same)`.
    pub declared: &'static str,
    /// The shape before it.
    pub input: shape::Shape,
    /// The shape after it.
    pub output: shape::Shape,
    /// Its numbers: trainable ones and state.
    pub params: usize,
    /// Multiply-adds of one inference.
    pub macs: usize,
    /// Bytes of the arena that are in use while it computes.
    pub arena_bytes: usize,
    /// Whether it does something in training only, and nothing in inference.
    pub training_only: bool,
}

/// An output of a model: its activation and its shape.
pub struct Head<A, S>(PhantomData<(A, S)>);

/// The heads of a model: one [`Head`], or a tuple of them.
pub trait Heads: 'static {
    /// The prediction for one sample: a tensor, or a tuple of tensors.
    type Output;
    /// A batch of outputs.
    type Slices<'a>: Copy;
    /// A batch of outputs, to be written.
    type SlicesMut<'a>;
    /// The heads of a training step: [`HeadPass`], or a tuple of them.
    type Pass<'a>;

    /// A prediction of zeros.
    fn zeroed() -> Self::Output;
    /// One prediction as a batch of one.
    fn view_mut(output: &mut Self::Output) -> Self::SlicesMut<'_>;
    /// Turns logits into outputs, in place.
    fn activate(outputs: Self::SlicesMut<'_>);
}

/// A head in a training step: what the model computed, and where the loss leaves its gradient.
pub struct HeadPass<'a> {
    /// The head's values before its activation, of the whole batch.
    pub logits: &'a [f32],
    /// The gradient of the loss with respect to the logits.
    pub gradient: &'a mut [f32],
}

impl<A: HeadActivation, S: Shape> Heads for Head<A, S> {
    type Output = Tensor<S>;
    type Slices<'a> = &'a [f32];
    type SlicesMut<'a> = &'a mut [f32];
    type Pass<'a> = HeadPass<'a>;

    fn zeroed() -> Tensor<S> {
        Tensor::zeroed()
    }

    fn view_mut(output: &mut Tensor<S>) -> &mut [f32] {
        output.as_mut_slice()
    }

    fn activate(outputs: &mut [f32]) {
        let shape = S::SHAPE;
        A::ACTIVATION.apply(outputs, shape.dim(shape.rank() - 1));
    }
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),+))+) => {$(
        impl<$($name: Heads),+> Heads for ($($name,)+) {
            type Output = ($($name::Output,)+);
            type Slices<'a> = ($($name::Slices<'a>,)+);
            type SlicesMut<'a> = ($($name::SlicesMut<'a>,)+);
            type Pass<'a> = ($($name::Pass<'a>,)+);

            fn zeroed() -> Self::Output {
                ($($name::zeroed(),)+)
            }

            fn view_mut(output: &mut Self::Output) -> Self::SlicesMut<'_> {
                ($($name::view_mut(&mut output.$place),)+)
            }

            fn activate(outputs: Self::SlicesMut<'_>) {
                $($name::activate(outputs.$place);)+
            }
        }
    )+};
}
tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}

/// A model: plain data, and how it computes. Implemented by `model!`.
pub trait Model: LayerData {
    /// The sample it takes: a shape, or a tuple of shapes.
    type Input: Data;
    /// Its outputs.
    type Heads: Heads;
    /// What holds its [`Arena`]: `[f32; N]`.
    type Storage: Storage;

    /// The model's name.
    const NAME: &'static str;
    /// The names of its heads; a single head has none.
    const HEADS: &'static [&'static str];
    /// Its layers, in order.
    const LAYERS: &'static [LayerInfo];
    /// Values that one inference of one sample needs beside weights, input and output.
    const ARENA_LEN: usize;
    /// Values that one training step needs for each sample.
    const TRAINING_LEN: usize;

    /// Fills freshly zeroed weights.
    fn init(&mut self, rng: &mut Rng);

    /// Inference, up to the activation of the heads. `memory` holds [`ARENA_LEN`](Self::ARENA_LEN)
    /// values for each sample.
    fn logits(
        &self,
        input: <Self::Input as Data>::Slices<'_>,
        memory: &mut Memory<'_>,
        output: <Self::Heads as Heads>::SlicesMut<'_>,
    );

    /// The forward pass of a training step. `memory` holds [`TRAINING_LEN`](Self::TRAINING_LEN)
    /// values for each sample.
    fn forward_training(
        &self,
        input: <Self::Input as Data>::Slices<'_>,
        memory: &mut Memory<'_>,
        step: Step,
    );

    /// The heads after [`forward_training`](Self::forward_training).
    fn heads<'m>(memory: &'m mut Memory<'_>) -> <Self::Heads as Heads>::Pass<'m>;

    /// The backward pass, after the loss has left its gradient in the heads. Writes the whole of
    /// `gradient`.
    fn backward(
        &self,
        input: <Self::Input as Data>::Slices<'_>,
        memory: &mut Memory<'_>,
        gradient: &mut Self,
    );

    /// Takes the state that a step observed (moving averages), which stands in `gradient`.
    fn absorb(&mut self, _gradient: &Self) {}
}

/// What an [`Arena`] is made of: an array of `f32`.
pub trait Storage: Sized {
    /// All zeros.
    const ZEROED: Self;
    /// The values.
    fn as_mut_slice(&mut self) -> &mut [f32];
}

impl<const N: usize> Storage for [f32; N] {
    const ZEROED: Self = [0.0; N];

    fn as_mut_slice(&mut self) -> &mut [f32] {
        self
    }
}

/// The storage of a model that is generic over its sizes: none, for stable Rust cannot compute an
/// array's length from a const parameter. Such a model predicts from the heap; a model for a static
/// arena names its sizes.
pub struct NoStorage;

impl Storage for NoStorage {
    const ZEROED: Self =
        panic!("a model that is generic over its sizes has no arena: name its sizes");

    fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut []
    }
}

/// All the memory that one inference of `M` uses beside weights, input and output.
#[repr(transparent)]
pub struct Arena<M: Model>(M::Storage);

impl<M: Model> Arena<M> {
    /// An arena, ready for a `static`.
    #[allow(
        clippy::new_without_default,
        reason = "`Default` would pass it over the stack"
    )]
    pub const fn new() -> Self {
        Self(M::Storage::ZEROED)
    }

    /// The arena laid out for one sample.
    #[doc(hidden)]
    pub fn memory(&mut self) -> Memory<'_> {
        Memory::new(self.0.as_mut_slice(), 1)
    }
}
