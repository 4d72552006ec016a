//! What a `model!` expands to, as traits.

#[doc(hidden)]
pub mod budget;
mod graph;
mod nested;
mod setting;

pub use graph::{Call, Graph};
pub use nested::{Faulty, Nested};
pub use setting::{Setting, Term};

use crate::element::Elements;
use crate::gradient::Gradient;
use crate::layer::{LayerData, Layout};
use crate::memory::Memory;
use crate::rng::{Rng, Step};
use crate::shape;
use crate::tensor::Tensors;
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
    /// Multiply-adds of one inference; `None` where a layer of one's own does not state them.
    pub macs: Option<usize>,
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
///
/// As [`Tensors`] they are the outputs of the model.
pub trait Heads: Tensors {
    /// Turns logits into outputs, in place.
    fn activate(outputs: Self::SlicesMut<'_>);
    /// Turns the gradient of the outputs into that of the logits.
    fn activation_gradient(
        logits: Self::Slices<'_>,
        outputs: Self::Slices<'_>,
        dy: Self::Gradients<'_>,
        dlogits: Self::SlicesMut<'_>,
    );
}

/// The heads in a training step: what the model computed, and where the loss leaves its gradient.
pub struct HeadPass<'a, H: Heads> {
    /// The heads' values before their activation, of the whole batch.
    pub logits: H::Slices<'a>,
    /// The gradient of the loss with respect to the logits.
    pub gradient: H::SlicesMut<'a>,
}

mod head;

/// A model: plain data, and how it infers. Implemented by `model!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "`new`, `compile`, `predict` and `load` are of models that `model!` declares"
)]
pub trait Model: LayerData {
    /// The sample it takes: a shape, or a tuple of shapes.
    type Input: Tensors;
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
    /// For each input, the number of tokens that its embeddings know; `usize::MAX` where there is none. Empty
    /// for a model without tokens.
    #[doc(hidden)]
    const VOCABULARIES: &'static [usize] = &[];
    /// Words that one inference of one sample needs beside weights, input and output.
    const ARENA_LEN: usize;

    /// Inference, up to the activation of the heads. `memory` holds [`ARENA_LEN`](Self::ARENA_LEN)
    /// words for each sample; `output` holds others of its own until it is written, as a whole.
    fn logits(
        &self,
        input: <Self::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        output: <Self::Heads as Elements>::SlicesMut<'_>,
    );
}

/// A model that trains. Implemented by `model!` where every layer trains.
pub trait Train: Model {
    /// Words that one training step needs for each sample.
    const TRAINING_LEN: usize;
    /// Values of the gradient.
    const GRADIENT_LEN: usize;
    /// What the declaration says about training: settings of layers and of their weights.
    const SETTINGS: &'static [Setting];

    /// Fills freshly zeroed weights with their initial values.
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

    /// The backward pass, after the loss has left its gradient in the heads. Writes the whole of
    /// `gradient`, and the gradient of the inputs to `dx` where there is a place for it; with `accumulate`
    /// it adds to what stands in `gradient`.
    fn backward(
        &self,
        input: <Self::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        gradient: Gradient<'_>,
        dx: <Self::Input as Elements>::GradientsOut<'_>,
        accumulate: bool,
    );

    /// Moves the state of layers (moving averages) by what a step observed, which stands in `gradient`.
    fn absorb(&mut self, _gradient: Gradient<'_>) {}
}

/// The number of tokens that embeddings know which read one input: the least of theirs.
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

/// The multiply-adds of some layers together: of those that state them.
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

/// [`macs`], if every layer states them.
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
