//! The traits that `model!` implements for a model.

#[doc(hidden)]
pub mod budget;
mod graph;
mod nested;
mod setting;
mod stateful;

pub use graph::{Call, Graph};
pub use nested::{Faulty, Nested};
#[cfg(feature = "std")]
pub(crate) use setting::regularizes_activity;
pub use setting::{Setting, Term};
pub use stateful::{State, Stateful};
#[doc(hidden)]
pub use stateful::{split, split_mut};

use crate::element::Elements;
use crate::gradient::Gradient;
use crate::layer::{LayerData, Layout};
use crate::memory::Memory;
use crate::rng::{Rng, Step};
use crate::shape;
use crate::tensor::Tensors;
use core::marker::PhantomData;

/// A layer's properties, known at compile time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LayerInfo {
    /// The layer's name in its model: `conv2d`, `dense_1`.
    pub name: &'static str,
    /// The layer's kind: `Conv2D`.
    pub kind: &'static str,
    /// The layer as declared, without the arguments that do not affect inference: `Conv2D(10, 3x3, same)`.
    pub declared: &'static str,
    /// The input shape.
    pub input: shape::Shape,
    /// The output shape.
    pub output: shape::Shape,
    /// The inputs and layers that it reads, in order.
    pub sources: &'static [Source],
    /// The number of its weights, trainable or not.
    pub params: usize,
    /// The size of its weights in bytes.
    pub weight_bytes: usize,
    /// Multiply-adds of one inference. `None` if a custom layer does not state them.
    pub macs: Option<usize>,
    /// Arena memory in use while the layer computes, in bytes.
    pub arena_bytes: usize,
    /// Whether it has an effect in training only.
    pub training_only: bool,
}

/// The source of a layer's input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// An input of the model, by its index in [`Model::INPUTS`].
    Input(usize),
    /// Another layer, by its index in [`Model::LAYERS`].
    Layer(usize),
}

/// An output of a model: its activation and its shape.
pub struct Head<A, S>(PhantomData<(A, S)>);

/// The heads of a model: one [`Head`], or a tuple of them.
///
/// As [`Tensors`], they are the model's outputs.
pub trait Heads: Tensors {
    /// Applies the activations to the logits, in place.
    fn activate(outputs: Self::SlicesMut<'_>);
    /// Replaces the gradient of the outputs by the gradient of the logits.
    fn activation_gradient(
        logits: Self::Slices<'_>,
        outputs: Self::Slices<'_>,
        dy: Self::Gradients<'_>,
        dlogits: Self::SlicesMut<'_>,
    );

    /// The values of each head, which are none for a head of integers.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn parts<'a>(outputs: Self::SlicesMut<'a>) -> Vec<&'a mut [f32]>;
    /// The heads whose logits and gradients are these, one pair for each.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn pass<'a>(parts: &mut dyn Iterator<Item = [&'a mut [f32]; 2]>) -> HeadPass<'a, Self>;
}

/// The largest number of heads, that of the tuples for which the traits are implemented.
#[cfg(feature = "std")]
pub(crate) const MOST_HEADS: usize = 4;

/// The heads in a training step: the model's logits, and the buffer for the gradient of the loss.
pub struct HeadPass<'a, H: Heads> {
    /// The values of the heads before their activation, for the whole batch.
    pub logits: H::Slices<'a>,
    /// The gradient of the loss with respect to the logits.
    pub gradient: H::SlicesMut<'a>,
}

mod head;

/// A model: its weights as plain data, and its inference. `model!` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "`new`, `compile`, `predict` and `load` are of models that `model!` declares"
)]
pub trait Model: LayerData {
    /// The input shape, or a tuple of shapes.
    type Input: Tensors;
    /// The outputs.
    type Heads: Heads;
    /// The type of the memory in an [`Arena`]: `[u32; N]`.
    type Storage: Storage;

    /// The model's name.
    const NAME: &'static str;
    /// The names of the heads. Empty for a single head.
    const HEADS: &'static [&'static str];
    /// The names and shapes of the inputs.
    const INPUTS: &'static [(&'static str, shape::Shape)] = &[];
    /// The layers, in order.
    const LAYERS: &'static [LayerInfo];
    /// The connections between the layers. `None` if [`LAYERS`](Self::LAYERS) describes them completely.
    const GRAPH: Option<&'static Graph> = None;
    /// For each input, the number of tokens that its embeddings accept, or `usize::MAX` if no embedding reads
    /// it. Empty for a model without tokens.
    #[doc(hidden)]
    const VOCABULARIES: &'static [usize] = &[];
    /// Whether inference computes the activation of the heads too, as an 8-bit twin does.
    #[doc(hidden)]
    const ACTIVATED: bool = false;
    /// Whether an output has a mask, which says which of its steps count.
    #[doc(hidden)]
    const MASKED: bool = false;
    /// Words that one inference of one sample needs beside weights, input and output.
    const ARENA_LEN: usize;

    /// Like [`logits`](Self::logits). It then passes the mask of each head that has one to `look`, with the number
    /// of the head: 0 for each step that is left out.
    #[doc(hidden)]
    fn logits_and_masks(
        &self,
        input: <Self::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        output: <Self::Heads as Elements>::SlicesMut<'_>,
        _look: &mut dyn FnMut(usize, &[u8]),
    ) {
        self.logits(input, memory, output);
    }

    /// Applies the activation of the heads to the outputs of [`logits`](Self::logits), where that does not.
    #[doc(hidden)]
    fn activate(&self, outputs: <Self::Heads as Elements>::SlicesMut<'_>) {
        if !Self::ACTIVATED {
            Self::Heads::activate(outputs);
        }
    }

    /// Inference without the activation of the heads. `memory` holds [`ARENA_LEN`](Self::ARENA_LEN) words for
    /// each sample. `output` holds intermediate values until it is written.
    fn logits(
        &self,
        input: <Self::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        output: <Self::Heads as Elements>::SlicesMut<'_>,
    );
}

/// A model that can be trained. `model!` implements it if every layer can be trained.
pub trait Train: Model {
    /// The number of words that a training step needs for each sample.
    const TRAINING_LEN: usize;
    /// The number of values in the gradient.
    const GRADIENT_LEN: usize;
    /// The training settings of the declaration, for layers and for their weights.
    const SETTINGS: &'static [Setting];

    /// Fills the weights, which are all 0, with their initial values.
    fn init(&mut self, rng: &mut Rng);

    /// The forward pass of a training step. `memory` holds [`TRAINING_LEN`](Self::TRAINING_LEN)
    /// words for each sample.
    fn forward_training(
        &self,
        input: <Self::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        step: Step<'_>,
    );

    /// The heads after [`forward_training`](Self::forward_training).
    fn heads<'m>(memory: &'m mut Memory<'_>) -> HeadPass<'m, Self::Heads>;

    /// Passes the mask of each head that has one to `look` after
    /// [`forward_training`](Self::forward_training), as [`Model::logits_and_masks`] does.
    #[doc(hidden)]
    fn masks(_memory: &mut Memory<'_>, _look: &mut dyn FnMut(usize, &[u8])) {}

    /// The backward pass, called after the loss has written its gradient to the heads. It writes all of
    /// `gradient`, and the gradient of the inputs to the buffers in `dx` that are not `None`. With
    /// `accumulate` it adds to the values in `gradient`.
    fn backward(
        &self,
        input: <Self::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        gradient: Gradient<'_>,
        dx: <Self::Input as Elements>::GradientsOut<'_>,
        accumulate: bool,
    );

    /// Updates the state of layers (moving averages) from the observations of a step, which are in
    /// `gradient`.
    fn update_state(&mut self, _gradient: Gradient<'_>) {}
}

/// The number of tokens that all embeddings of one input accept: their minimum.
#[doc(hidden)]
pub const fn vocabulary(layouts: &[Layout]) -> usize {
    let (mut least, mut number) = (usize::MAX, 0);
    while number < layouts.len() {
        if let Layout::Parts([table, ..]) = layouts[number]
            && let Layout::Tensor(_, [rows, ..]) = table.layout
            && *rows < least
        {
            least = *rows;
        }
        number += 1;
    }
    least
}

/// The total multiply-adds of the layers that state them.
pub const fn macs(layers: &[LayerInfo]) -> usize {
    let (mut macs, mut layer) = (0, 0);
    while layer < layers.len() {
        if let Some(of_layer) = layers[layer].macs {
            macs += of_layer;
        }
        layer += 1;
    }
    macs
}

/// The total multiply-adds, or `None` if a layer does not state them.
pub const fn known_macs(layers: &[LayerInfo]) -> Option<usize> {
    let mut layer = 0;
    while layer < layers.len() {
        if layers[layer].macs.is_none() {
            return None;
        }
        layer += 1;
    }
    Some(macs(layers))
}

/// The memory of an [`Arena`]: an array of words, in which buffers of any element type are aligned.
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

/// The storage of a model with generic sizes: none, because stable Rust cannot compute an array length from a
/// const parameter. Such a model uses the heap for predictions. For a static arena, give the sizes as
/// numbers.
pub struct NoStorage;

impl Storage for NoStorage {
    const ZEROED: Self =
        panic!("a model that is generic over its sizes has no arena: name its sizes");

    fn as_mut_slice(&mut self) -> &mut [u32] {
        &mut []
    }
}

/// All the memory that one inference of `M` uses in addition to weights, input and output.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Iris: Input(4) => Dense(16, relu) => Dense(3, softmax) }
///
/// let net = Iris::new(Seed(1));
/// let mut arena = Arena::new();
/// let y = net.predict_in(&[5.1, 3.5, 1.4, 0.2].into(), &mut arena);
/// assert!(y.argmax() < 3);
/// ```
#[repr(transparent)]
pub struct Arena<M: Model>(M::Storage);

impl<M: Model> Arena<M> {
    /// Creates an arena that can be stored in a `static`.
    #[allow(
        clippy::new_without_default,
        reason = "`Default` would pass it over the stack"
    )]
    pub const fn new() -> Self {
        Self(M::Storage::ZEROED)
    }

    /// The memory of the arena, for one sample.
    #[doc(hidden)]
    pub fn memory(&mut self) -> Memory<'_> {
        Memory::of_words(self.0.as_mut_slice(), 1)
    }
}
