//! What a `model!` expands to, as traits.

#[doc(hidden)]
pub mod budget;
mod graph;
#[doc(hidden)]
pub mod nested;

pub use graph::{Call, Graph};

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
    /// What it reads, in order.
    pub sources: &'static [Source],
    /// Its numbers: trainable ones and state.
    pub params: usize,
    /// Bytes of its numbers.
    pub weight_bytes: usize,
    /// Multiply-adds of one inference.
    pub macs: usize,
    /// Bytes of the arena that are in use while it computes.
    pub arena_bytes: usize,
    /// Whether it does something in training only, and nothing in inference.
    pub training_only: bool,
}

/// Where a layer's input comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The model's input of this number, in [`Model::INPUTS`].
    Input(usize),
    /// The layer of this number, in [`Model::LAYERS`].
    Layer(usize),
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

    /// A batch of outputs that is owned. Reused from step to step.
    #[cfg(feature = "std")]
    type Batch: Default + Send + Sync;

    /// Makes room for `samples` outputs.
    #[cfg(feature = "std")]
    fn resize(batch: &mut Self::Batch, samples: usize);
    /// A view of a batch.
    #[cfg(feature = "std")]
    fn slices(batch: &Self::Batch) -> Self::Slices<'_>;
    /// A view of a batch, to be written.
    #[cfg(feature = "std")]
    fn slices_mut(batch: &mut Self::Batch) -> Self::SlicesMut<'_>;
    /// Copies a batch.
    #[cfg(feature = "std")]
    fn copy(from: Self::Slices<'_>, to: Self::SlicesMut<'_>);
    /// The logits of a training step.
    #[cfg(feature = "std")]
    fn logits<'a>(pass: &'a Self::Pass<'_>) -> Self::Slices<'a>;
    /// The output of sample number `index` of a batch.
    #[cfg(feature = "std")]
    fn read(outputs: Self::Slices<'_>, index: usize) -> Self::Output;

    /// A prediction of zeros.
    fn zeroed() -> Self::Output;
    /// One prediction as a batch of one.
    fn view_mut(output: &mut Self::Output) -> Self::SlicesMut<'_>;
    /// Turns logits into outputs, in place.
    fn activate(outputs: Self::SlicesMut<'_>);
    /// The number of samples in a batch.
    fn samples(batch: Self::Slices<'_>) -> usize;
    /// The logits of a training step, and where their gradient goes.
    fn split<'a>(pass: Self::Pass<'a>) -> (Self::Slices<'a>, Self::SlicesMut<'a>);
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

    #[cfg(feature = "std")]
    type Batch = Vec<f32>;

    #[cfg(feature = "std")]
    fn resize(batch: &mut Vec<f32>, samples: usize) {
        batch.resize(samples * S::LEN, 0.0);
    }

    #[cfg(feature = "std")]
    fn slices(batch: &Vec<f32>) -> &[f32] {
        batch
    }

    #[cfg(feature = "std")]
    fn slices_mut(batch: &mut Vec<f32>) -> &mut [f32] {
        batch
    }

    #[cfg(feature = "std")]
    fn copy(from: &[f32], to: &mut [f32]) {
        to.copy_from_slice(from);
    }

    #[cfg(feature = "std")]
    fn logits<'a>(pass: &'a HeadPass<'_>) -> &'a [f32] {
        pass.logits
    }

    #[cfg(feature = "std")]
    fn read(outputs: &[f32], index: usize) -> Tensor<S> {
        let mut output = Tensor::zeroed();
        let sample = &outputs[index * S::LEN..(index + 1) * S::LEN];
        output.as_mut_slice().copy_from_slice(sample);
        output
    }

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

    fn samples(batch: &[f32]) -> usize {
        batch.len() / S::LEN
    }

    fn split<'a>(pass: Self::Pass<'a>) -> (Self::Slices<'a>, Self::SlicesMut<'a>) {
        (pass.logits, pass.gradient)
    }
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),+))+) => {$(
        impl<$($name: Heads),+> Heads for ($($name,)+) {
            type Output = ($($name::Output,)+);
            type Slices<'a> = ($($name::Slices<'a>,)+);
            type SlicesMut<'a> = ($($name::SlicesMut<'a>,)+);
            type Pass<'a> = ($($name::Pass<'a>,)+);

            #[cfg(feature = "std")]
            type Batch = ($($name::Batch,)+);

            #[cfg(feature = "std")]
            fn resize(batch: &mut Self::Batch, samples: usize) {
                $($name::resize(&mut batch.$place, samples);)+
            }

            #[cfg(feature = "std")]
            fn slices(batch: &Self::Batch) -> Self::Slices<'_> {
                ($($name::slices(&batch.$place),)+)
            }

            #[cfg(feature = "std")]
            fn slices_mut(batch: &mut Self::Batch) -> Self::SlicesMut<'_> {
                ($($name::slices_mut(&mut batch.$place),)+)
            }

            #[cfg(feature = "std")]
            fn copy(from: Self::Slices<'_>, to: Self::SlicesMut<'_>) {
                $($name::copy(from.$place, to.$place);)+
            }

            #[cfg(feature = "std")]
            fn logits<'a>(pass: &'a Self::Pass<'_>) -> Self::Slices<'a> {
                ($($name::logits(&pass.$place),)+)
            }

            #[cfg(feature = "std")]
            fn read(outputs: Self::Slices<'_>, index: usize) -> Self::Output {
                ($($name::read(outputs.$place, index),)+)
            }

            fn zeroed() -> Self::Output {
                ($($name::zeroed(),)+)
            }

            fn view_mut(output: &mut Self::Output) -> Self::SlicesMut<'_> {
                ($($name::view_mut(&mut output.$place),)+)
            }

            fn activate(outputs: Self::SlicesMut<'_>) {
                $($name::activate(outputs.$place);)+
            }

            fn samples(batch: Self::Slices<'_>) -> usize {
                A::samples(batch.0)
            }

            fn split<'a>(pass: Self::Pass<'a>) -> (Self::Slices<'a>, Self::SlicesMut<'a>) {
                let parts = ($($name::split(pass.$place),)+);
                (($(parts.$place.0,)+), ($(parts.$place.1,)+))
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
    /// What holds its [`Arena`]: `[u32; N]`.
    type Storage: Storage;

    /// The model's name.
    const NAME: &'static str;
    /// The names of its heads; a single head has none.
    const HEADS: &'static [&'static str];
    /// The names and shapes of its inputs.
    const INPUTS: &'static [(&'static str, shape::Shape)] = &[];
    /// Its layers, in order.
    const LAYERS: &'static [LayerInfo];
    /// How its layers are connected; `None` where only [`LAYERS`](Self::LAYERS) says so.
    const GRAPH: Option<&'static Graph> = None;
    /// Words that one inference of one sample needs beside weights, input and output.
    const ARENA_LEN: usize;
    /// Words that one training step needs for each sample.
    const TRAINING_LEN: usize;

    /// Fills freshly zeroed weights.
    fn init(&mut self, rng: &mut Rng);

    /// Inference, up to the activation of the heads. `memory` holds [`ARENA_LEN`](Self::ARENA_LEN)
    /// words for each sample; `output` holds others of its own until it is written, as a whole.
    fn logits(
        &self,
        input: <Self::Input as Data>::Slices<'_>,
        memory: &mut Memory<'_>,
        output: <Self::Heads as Heads>::SlicesMut<'_>,
    );

    /// The forward pass of a training step. `memory` holds [`TRAINING_LEN`](Self::TRAINING_LEN)
    /// words for each sample.
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

/// What an [`Arena`] is made of: an array of words, where buffers of any element are aligned.
pub trait Storage: Sized {
    /// All zeros.
    const ZEROED: Self;
    /// The words.
    fn as_mut_slice(&mut self) -> &mut [u32];
}

impl<const N: usize> Storage for [u32; N] {
    const ZEROED: Self = [0; N];

    fn as_mut_slice(&mut self) -> &mut [u32] {
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

    fn as_mut_slice(&mut self) -> &mut [u32] {
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
        Memory::of_words(self.0.as_mut_slice(), 1)
    }
}
