//! A model's life: made, compiled, loaded, saved, asked.

use super::{Compiled, adapt};
use crate::Result;
use crate::data::{Data, Samples};
use crate::diagram;
use crate::loss::{Loss, objective};
use crate::memory::Memory;
use crate::metric::Metrics;
use crate::model::{Heads, Model, Train};
use crate::optimizer::Optimizer;
use crate::rng::Seed;
use crate::summary;
use crate::tensor::Tensors;
use crate::weights::{self, LoadReport};
use std::cell::Cell;
use std::path::Path;

thread_local! {
    /// The arena of predictions: as large as the largest that this thread needed.
    static SCRATCH: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Calls `work` with `len` values, of any content, that this thread keeps.
pub(super) fn with_scratch(len: usize, work: impl FnOnce(&mut [f32])) {
    // Taken, not borrowed: a layer of one's own may ask another model meanwhile.
    let mut scratch = SCRATCH.take();
    if scratch.len() < len {
        scratch = vec![0.0; len];
    }
    work(&mut scratch[..len]);
    SCRATCH.set(scratch);
}

/// Keras's workflow: implemented for every model.
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
    /// A model with fresh weights. It is made in place, on the heap.
    fn new(seed: Seed) -> Box<Self>
    where
        Self: Train,
    {
        let mut model = Self::zeroed();
        model.init(&mut seed.rng());
        model
    }

    /// Gives every [`Normalization`](crate::layers::Normalization) in the model the mean and the variance of the data, as
    /// Keras's `adapt`. Each sees what the layers before it make of the data in inference: another `Normalization` before
    /// it is adapted first.
    ///
    /// Call it before the training, on the training samples alone.
    ///
    /// # Errors
    /// When the data set is empty, a sample cannot be read or is not finite, or the model has no such layer; then nothing
    /// is changed.
    ///
    /// # Cost
    /// A forward pass over the data for each `Normalization` that stands behind another one, and one or two for the first.
    fn adapt<Y: Data>(&mut self, data: &impl Samples<Self::Input, Y>) -> Result<()>
    where
        Self: Train,
    {
        adapt::adapt(self, data)
    }

    /// Makes the model ready for training.
    // The labels are a parameter of their own: so rustc puts a loss that does not fit inside a tuple
    // on that loss, not on `compile`.
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

    /// The outputs for one sample. Allocates nothing after the first call in a thread.
    ///
    /// The outputs pass over the stack; [`predict_into`](Self::predict_into) takes outputs of any size.
    fn predict(&self, x: &<Self::Input as Data>::Value) -> <Self::Heads as Data>::Value {
        let mut output = Self::Heads::zeros();
        self.predict_into(x, &mut output);
        output
    }

    /// Leaves the outputs for one sample in `output`, whatever it holds before. Allocates nothing after
    /// the first call in a thread.
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
        Self::Heads::activate(Self::Heads::view_mut(output));
    }

    /// The model's layers as a table: Keras's `summary()`, with multiply-adds and memory.
    fn summary() -> String {
        summary::summary::<Self>()
    }

    /// The model's layers as a picture, SVG: a box each, with its output shape and its parameters.
    fn diagram() -> String {
        diagram::diagram::<Self>()
    }

    /// Reads weights from a file that [`save`](Self::save) wrote.
    ///
    /// With the feature `keras`, a file of Keras is read too, as by `weights::keras::load`.
    ///
    /// # Errors
    /// When the file cannot be read, or is not one of this model.
    fn load(path: impl AsRef<Path>) -> Result<Box<Self>> {
        weights::load(path)
    }

    /// [`load`](Self::load) from a safetensors file of other element types: `F16`, `BF16` and `F64`
    /// become `F32`.
    ///
    /// # Errors
    /// As [`load`](Self::load); and when a number is too large for `F32`.
    fn load_converted(path: impl AsRef<Path>) -> Result<Box<Self>> {
        weights::load_converted(path)
    }

    /// Reads the weights whose names a file has; the others stay as they are. The report counts and names
    /// what was taken, what is missing in the file, and what the model lacks.
    ///
    /// So a trained body gets a new head: the layers of the body have the same names in both models, the
    /// heads have others.
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
    /// When the file cannot be read, a tensor of it has the name of one of the model and another shape or
    /// element type, or no tensor has a name of the model's.
    /// [`weights::load_partial_into`](crate::weights::load_partial_into) then leaves the model as it was.
    fn load_partial(
        mut self: Box<Self>,
        path: impl AsRef<Path>,
    ) -> Result<(Box<Self>, LoadReport)> {
        let report = weights::load_partial_into(&mut *self, path, false)?;
        Ok((self, report))
    }

    /// [`load_partial`](Self::load_partial) that leaves out tensors which do not fit where their name does,
    /// and reports them (Keras's `skip_mismatch = True`).
    ///
    /// # Errors
    /// When the file cannot be read, or nothing in it can be taken.
    fn load_partial_skip_mismatch(
        mut self: Box<Self>,
        path: impl AsRef<Path>,
    ) -> Result<(Box<Self>, LoadReport)> {
        let report = weights::load_partial_into(&mut *self, path, true)?;
        Ok((self, report))
    }

    /// Writes the weights to a file, as a whole or not at all.
    ///
    /// The format is safetensors. With the feature `keras`, a name that ends in `.weights.h5` asks for
    /// weights as Keras's `load_weights` reads them.
    ///
    /// # Errors
    /// When the name asks for a format that is not written, such as `.keras`, or the file cannot be
    /// written.
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        weights::save(path, self)
    }
}

impl<M: Model> Workflow for M {}
