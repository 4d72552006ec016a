//! What a layer is: plain data, and how it computes.
//!
//! A layer's numbers are a `#[repr(C)]` struct of arrays ([`LayerData`]). One such struct serves as
//! weights, as gradient, as an optimizer's slot, as a section of a file and as an image in flash.
//! A layer of the catalogue computes by [`Operation`], over whole batches; a layer of one's own
//! implements [`Layer`], over one sample. What only infers, and on other numbers than `f32`, computes by
//! [`Inference`].

mod data;

use crate::kernels::Tail;
#[cfg(feature = "std")]
use crate::rng::Seed;
use crate::rng::{Random, Rng};
use crate::tensor::{Shape, Tensor};
pub use data::{LayerData, Layout, Part};

/// How a layer of the catalogue computes; `self` is its configuration, `W` its numbers.
///
/// Slices hold whole batches, sample after sample; the batch size follows from their length.
pub trait Operation<W> {
    /// Fills freshly zeroed weights.
    fn init(&self, _weights: &mut W, _rng: &mut Rng) {}

    /// Inference: `y = f(x)`. Every value of `y` is written.
    fn forward(&self, weights: &W, x: &[f32], y: &mut [f32]);

    /// The forward pass of a training step. What `backward` needs beyond `x` and `y` goes into
    /// `saved`; what is random is drawn from `step`.
    fn forward_training(
        &self,
        weights: &W,
        x: &[f32],
        y: &mut [f32],
        _saved: &mut [f32],
        _random: Random,
    ) {
        self.forward(weights, x, y);
    }

    /// The backward pass: from `pass.dy` to `pass.dx` and `gradient`.
    fn backward(&self, weights: &W, pass: Pass<'_>, gradient: &mut W);

    /// Takes the state that a step observed, which stands in `gradient`, into the weights.
    fn absorb(&self, _weights: &mut W, _gradient: &W) {}
}

/// How a layer infers: `X` to `Y`, with the numbers `W`; `self` is its configuration.
///
/// Every [`Operation`] is one on `f32`. A layer of int8 is this alone, on `i8`: nothing trains it.
pub trait Inference<W, X = f32, Y = X> {
    /// `y = f(x)`, over whole batches. Every value of `y` is written.
    fn infer(&self, weights: &W, x: &[X], y: &mut [Y]);
}

impl<W, O: Operation<W>> Inference<W> for O {
    fn infer(&self, weights: &W, x: &[f32], y: &mut [f32]) {
        self.forward(weights, x, y);
    }
}

/// A layer of the catalogue that can put its output where its input stands.
pub trait InPlace<W>: Operation<W> {
    /// Inference: `y = f(y)`, with the bits of [`forward`](Operation::forward).
    fn forward_in_place(&self, weights: &W, y: &mut [f32]);
}

/// A layer of the catalogue whose inference is a product that ends in a tail.
pub trait Tailed<W>: Operation<W> {
    /// Inference with what follows: `y = tail(f(x))`. The layer itself has no activation.
    fn forward_tailed(&self, weights: &W, x: &[f32], y: &mut [f32], tail: Tail<'_>);
}

/// The buffers of a backward pass over one batch.
pub struct Pass<'a> {
    /// The layer's input.
    pub x: &'a [f32],
    /// The layer's output.
    pub y: &'a [f32],
    /// What `forward_training` left.
    pub saved: &'a [f32],
    /// The gradient of the output; the layer may use it as scratch.
    pub dy: &'a mut [f32],
    /// Where the gradient of the input goes; every value is written. `None` where nothing before
    /// this layer learns.
    pub dx: Option<&'a mut [f32]>,
    /// Whether the weights' gradient is added to what stands there (a layer used twice), or
    /// replaces it.
    pub accumulate: bool,
}

/// How a layer without weights joins several inputs; `self` is its configuration.
///
/// Slices hold whole batches, as those of an [`Operation`]; the inputs stand in the order in which
/// the model names them.
pub trait Merge {
    /// `y = f(x)`, where `x` has a slice for each input. Every value of `y` is written.
    fn forward(&self, x: &[&[f32]], y: &mut [f32]);

    /// The backward pass: from `dy`, which the layer may use as scratch, to the gradient of each
    /// input, of which every value is written. `dx` has a place for each input, `None` where
    /// nothing before it learns.
    fn backward(&self, x: &[&[f32]], y: &[f32], dy: &mut [f32], dx: &mut [Option<&mut [f32]>]);
}

/// A layer of one's own, over one sample.
///
/// Make it usable in `model!` by implementing [`Build`] for the type that names it.
pub trait Layer: LayerData {
    /// The shape before the layer.
    type Input: Shape;
    /// The shape after the layer.
    type Output: Shape;

    /// Fills freshly zeroed weights.
    fn init(&mut self, rng: &mut Rng);

    /// `y = f(x)`. Every value of `y` is to be written.
    fn forward(&self, x: &[f32], y: &mut [f32]);

    /// Writes the input's gradient to `dx`, and adds the weights' gradient to `gradient`.
    fn backward(&self, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self);

    /// A layer with fresh weights.
    #[cfg(feature = "std")]
    fn new(seed: Seed) -> Box<Self> {
        let mut layer = Self::zeroed();
        layer.init(&mut seed.rng());
        layer
    }

    /// The layer as a function of one tensor.
    fn call(&self, x: &Tensor<Self::Input>) -> Tensor<Self::Output> {
        let mut y = Tensor::zeroed();
        self.forward(x.as_slice(), y.as_mut_slice());
        y
    }
}

/// Names a layer in `model!`: what `Self` becomes behind an input of shape `Input`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer behind an output of shape `{Input}`",
    label = "takes no `{Input}`",
    note = "implement `kerust::Build<{Input}>` for `{Self}`"
)]
pub trait Build<Input> {
    /// The layer with its numbers.
    type Layer: Component<Input = Input>;
}

/// What a path in `model!` stands for: a [`Layer`] of one's own, or a model that is used as a
/// layer. Implemented for both; nothing else need implement it.
///
/// Slices hold whole batches, sample after sample.
pub trait Component: LayerData {
    /// The shape before it.
    type Input: Shape;
    /// The shape after it.
    type Output: Shape;
    /// Values of scratch that inference takes for each sample.
    const ARENA_LEN: usize;
    /// Values that a training step saves for each sample.
    const TRAINING_LEN: usize;
    /// Multiply-adds of one inference.
    const MACS: usize;
    /// The layers inside, where it is a model.
    const GRAPH: Option<&'static crate::model::Graph> = None;

    /// Fills freshly zeroed weights.
    fn init(&mut self, rng: &mut Rng);

    /// `y = f(x)`. Every value of `y` is written, the last time by the result.
    fn forward(&self, x: &[f32], y: &mut [f32], scratch: &mut [f32]);

    /// The forward pass of a training step.
    fn forward_training(&self, x: &[f32], y: &mut [f32], saved: &mut [f32], random: Random);

    /// The backward pass: from `pass.dy` to `pass.dx` and `gradient`.
    fn backward(&self, pass: ComponentPass<'_>, gradient: &mut Self);

    /// Takes the state that a step observed, which stands in `gradient`.
    fn absorb(&mut self, _gradient: &Self) {}
}

/// The buffers of a [`Component`]'s backward pass over one batch.
pub struct ComponentPass<'a> {
    /// The input.
    pub x: &'a [f32],
    /// The output.
    pub y: &'a [f32],
    /// What `forward_training` left; the gradients inside go there too.
    pub saved: &'a mut [f32],
    /// The gradient of the output.
    pub dy: &'a mut [f32],
    /// Where the gradient of the input goes; every value is written.
    pub dx: &'a mut [f32],
    /// Whether the weights' gradient is added to what stands there, or replaces it.
    pub accumulate: bool,
}

impl<L: Layer> Component for L {
    type Input = L::Input;
    type Output = L::Output;
    const ARENA_LEN: usize = 0;
    const TRAINING_LEN: usize = 0;
    const MACS: usize = 0;

    fn init(&mut self, rng: &mut Rng) {
        Layer::init(self, rng);
    }

    fn forward(&self, x: &[f32], y: &mut [f32], _scratch: &mut [f32]) {
        Operation::forward(&Custom, self, x, y);
    }

    fn forward_training(&self, x: &[f32], y: &mut [f32], _saved: &mut [f32], _random: Random) {
        Operation::forward(&Custom, self, x, y);
    }

    fn backward(&self, pass: ComponentPass<'_>, gradient: &mut Self) {
        let pass = Pass {
            x: pass.x,
            y: pass.y,
            saved: &[],
            dy: pass.dy,
            dx: Some(pass.dx),
            accumulate: pass.accumulate,
        };
        Operation::backward(&Custom, self, pass, gradient);
    }
}

/// The [`Operation`] of a [`Layer`]: sample after sample.
#[derive(Clone, Copy, Debug)]
pub struct Custom;

impl<L: Layer> Operation<L> for Custom {
    fn init(&self, weights: &mut L, rng: &mut Rng) {
        weights.init(rng);
    }

    fn forward(&self, weights: &L, x: &[f32], y: &mut [f32]) {
        let samples = x.chunks_exact(L::Input::LEN);
        for (x, y) in samples.zip(y.chunks_exact_mut(L::Output::LEN)) {
            weights.forward(x, y);
        }
    }

    fn backward(&self, weights: &L, pass: Pass<'_>, gradient: &mut L) {
        if !pass.accumulate {
            gradient.as_mut_slice().fill(0.0);
        }
        let (input, output) = (L::Input::LEN, L::Output::LEN);
        // `Layer::backward` always writes dx, so the macro plans it for a first layer too.
        let dx = pass
            .dx
            .expect("a layer of one's own is given a place for dx");
        for sample in 0..pass.x.len() / input {
            let (i, o) = (sample * input, sample * output);
            weights.backward(
                &pass.x[i..i + input],
                &pass.y[o..o + output],
                &pass.dy[o..o + output],
                &mut dx[i..i + input],
                gradient,
            );
        }
    }
}
