//! The methods of a model: `new`, `compile`, `load`, `save`, `predict` and more.

use super::logs::Logs;
use super::{Compiled, adapt, predict};
use crate::Result;
use crate::data::{Data, Samples};
use crate::diagram;
use crate::kernels::scratch::AlignedBuffer;
use crate::loss::{Loss, objective};
use crate::memory::Memory;
use crate::metric::{Accuracy, Metrics};
use crate::model::{Model, Train};
use crate::optimizer::Optimizer;
use crate::rng::Seed;
use crate::summary;
use crate::tensor::Tensors;
use crate::weights::{self, LoadReport};
use std::cell::Cell;
use std::path::Path;

thread_local! {
    /// The arena for predictions. It has the largest size that this thread has needed.
    static SCRATCH: Cell<AlignedBuffer> = const { Cell::new(AlignedBuffer::new()) };
}

/// Calls `work` with `len` values of this thread, which hold arbitrary values.
pub(super) fn with_scratch(len: usize, work: impl FnOnce(&mut [f32])) {
    // Taken instead of borrowed, because a custom layer may call another model meanwhile.
    let mut scratch = SCRATCH.take();
    work(scratch.values(len));
    SCRATCH.set(scratch);
}

/// Keras's workflow, implemented for every model.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Iris: Input(4) => Dense(16, relu) => Dense(3, softmax) }
///
/// let net = Iris::new(Seed(1));
/// println!("{}", Iris::summary());
/// let probabilities = net.predict(&[5.1, 3.5, 1.4, 0.2].into());
/// assert!((probabilities.as_slice().iter().sum::<f32>() - 1.0).abs() < 1e-6);
/// ```
pub trait Workflow: Model {
    /// Creates a model with initial weights, directly on the heap.
    fn new(seed: Seed) -> Box<Self>
    where
        Self: Train,
    {
        let mut model = Self::zeroed();
        model.init(&mut seed.rng());
        model
    }

    /// Sets the mean and the variance of every [`Normalization`](crate::layers::Normalization) in the model
    /// from the data, as Keras's `adapt`. Each layer sees the data as the layers before it transform them in
    /// inference; another `Normalization` before it is adapted first.
    ///
    /// Call it before the training, with the training samples only.
    ///
    /// # Errors
    /// Returns an error when the data set is empty, a sample cannot be read or is not finite, or the model
    /// has no such layer. Nothing is changed in that case.
    ///
    /// # Cost
    /// One or two forward passes over the data for the first `Normalization`, and one more for each that
    /// comes after another one.
    fn adapt<Y: Data>(&mut self, data: &impl Samples<Self::Input, Y>) -> Result<()>
    where
        Self: Train,
    {
        adapt::adapt(self, data)
    }

    /// Prepares the model for training.
    // The labels are a parameter of their own, so that rustc reports a mismatched loss of a tuple at that
    // loss and not at `compile`.
    fn compile<Y: Data>(
        self: Box<Self>,
        optimizer: impl Optimizer + 'static,
        loss: impl Loss<Self::Heads, Label = Y>,
        metrics: impl Metrics<Self::Heads, Y>,
    ) -> Compiled<Self, Y>
    where
        Self: Train,
    {
        let objective = objective(loss, metrics, Self::HEADS);
        Compiled::new(self, Box::new(optimizer), objective)
    }

    /// Computes the outputs for one sample. It allocates no memory after the first call in a thread.
    ///
    /// The outputs are returned on the stack. For large outputs use [`predict_into`](Self::predict_into).
    fn predict(&self, x: &<Self::Input as Data>::Value) -> <Self::Heads as Data>::Value {
        let mut output = Self::Heads::zeros();
        self.predict_into(x, &mut output);
        output
    }

    /// Writes the outputs for one sample to `output`. It allocates no memory after the first call in a
    /// thread.
    fn predict_into(
        &self,
        x: &<Self::Input as Data>::Value,
        output: &mut <Self::Heads as Data>::Value,
    ) {
        with_scratch(Self::ARENA_LEN, |arena| {
            self.logits(
                Self::Input::view(x),
                &mut Memory::new(arena, 1),
                Self::Heads::view_mut(output),
            );
        });
        self.activate(Self::Heads::view_mut(output));
    }

    /// Metrics over a data set, of a model that need not be compiled: `model.measure(&test, (Accuracy, AUC))`.
    ///
    /// # Errors
    /// When the data set is empty, or a sample cannot be read.
    fn measure<Y: Data>(
        &self,
        data: &impl Samples<Self::Input, Y>,
        metrics: impl Metrics<Self::Heads, Y>,
    ) -> Result<Logs> {
        predict::measure(self, data, &metrics)
    }

    /// The [`Accuracy`] over a data set, 0 to 1, of a model that need not be compiled.
    ///
    /// # Errors
    /// When the data set is empty, or a sample cannot be read.
    fn accuracy<Y: Data>(&self, data: &impl Samples<Self::Input, Y>) -> Result<f64>
    where
        Accuracy: Metrics<Self::Heads, Y>,
    {
        Ok(self.measure(data, Accuracy)?["accuracy"])
    }

    /// A table of the model's layers: Keras's `summary()`, with multiply-adds and memory.
    fn summary() -> String {
        summary::summary::<Self>()
    }

    /// Draws the model's layers as SVG: a box for each, with its output shape and its parameters.
    fn diagram() -> String {
        diagram::diagram::<Self>()
    }

    /// Reads weights from a file that [`save`](Self::save) wrote.
    ///
    /// With the feature `keras`, it also reads Keras's files, as `weights::keras::load` does.
    ///
    /// # Errors
    /// Returns an error when the file cannot be read, or does not fit this model.
    fn load(path: impl AsRef<Path>) -> Result<Box<Self>> {
        weights::load(path)
    }

    /// Like [`load`](Self::load), for a safetensors file with other element types: `F16`, `BF16` and `F64`
    /// are converted to `F32`.
    ///
    /// # Errors
    /// The same as [`load`](Self::load), and when a number is too large for `F32`.
    fn load_converted(path: impl AsRef<Path>) -> Result<Box<Self>> {
        weights::load_converted(path)
    }

    /// Loads the weights whose names occur in the file; the others stay as they are. The report lists the
    /// weights that were loaded, those that are missing in the file, and the tensors of the file that the
    /// model does not have.
    ///
    /// Use it to give a trained body a new head: the layers of the body have the same names in both models,
    /// and the heads have different names.
    ///
    /// ```
    /// use kerust::prelude::*;
    ///
    /// model! { pub Six: Input(8) => Dense(16, relu, name = features) => Dense(6, softmax, name = six) }
    /// model! { pub Ten: Input(8) => Dense(16, relu, name = features) => Dense(10, softmax, name = ten) }
    ///
    /// let path = std::env::temp_dir().join(format!("six-{}.safetensors", std::process::id()));
    /// Six::new(Seed(1)).save(&path)?;
    /// let (ten, report) = Ten::new(Seed(2)).load_partial(&path)?;
    /// println!("{report}");
    /// # std::fs::remove_file(path).unwrap();
    /// # let _ = ten;
    /// # Ok::<(), kerust::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error when the file cannot be read, a tensor has the name of one in the model but another
    /// shape or element type, or no tensor has a name of the model.
    /// [`weights::load_partial_into`](crate::weights::load_partial_into) leaves the model unchanged in that
    /// case.
    fn load_partial(
        mut self: Box<Self>,
        path: impl AsRef<Path>,
    ) -> Result<(Box<Self>, LoadReport)> {
        let report = weights::load_partial_into(&mut *self, path, false)?;
        Ok((self, report))
    }

    /// Like [`load_partial`](Self::load_partial), but skips tensors whose name matches and whose shape does
    /// not, and reports them (Keras's `skip_mismatch = True`).
    ///
    /// # Errors
    /// Returns an error when the file cannot be read, or nothing in it fits the model.
    fn load_partial_skip_mismatch(
        mut self: Box<Self>,
        path: impl AsRef<Path>,
    ) -> Result<(Box<Self>, LoadReport)> {
        let report = weights::load_partial_into(&mut *self, path, true)?;
        Ok((self, report))
    }

    /// Writes the weights to a file, atomically.
    ///
    /// The format is safetensors. With the feature `keras`, a name that ends in `.weights.h5` selects the
    /// format of Keras's `load_weights`.
    ///
    /// # Errors
    /// Returns an error when the name has the extension of a format that kerust cannot write, such as
    /// `.keras`, or the file cannot be written.
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        weights::save(path, self)
    }
}

impl<M: Model> Workflow for M {}
