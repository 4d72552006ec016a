//! Custom layers.

use super::{Component, Forward, LayerData, Operation, Pass};
use crate::data::Data;
use crate::element::Elements;
use crate::gradient::Gradient;
#[cfg(feature = "std")]
use crate::rng::Seed;
use crate::rng::{LayerStep, Rng};
use crate::tensor::{Floats, Tensors};

/// A custom layer, which computes one sample at a time.
///
/// The type holds the layer's weights. To use it in `model!`, implement [`Build`](super::Build) for the type
/// that names it. A layer with several inputs has a tuple of shapes as its `Input`, and gets a tuple of
/// slices: `forward(&self, (a, b): (&[f32], &[f32]), y: &mut [f32])`.
///
/// ```
/// use kerust::prelude::*;
///
/// /// Multiplies each value by a number of its own.
/// struct Scale;
///
/// #[derive(LayerData)]
/// #[repr(C)]
/// struct ScaleWeights<const N: usize> {
///     scale: [f32; N],
/// }
///
/// impl<const N: usize> Build<Rank1<N>> for Scale {
///     type Layer = ScaleWeights<N>;
/// }
///
/// impl<const N: usize> Layer for ScaleWeights<N> {
///     type Input = Rank1<N>;
///     type Output = Rank1<N>;
///
///     fn init(&mut self, _rng: &mut Rng) {
///         self.scale.fill(1.0);
///     }
///
///     fn forward(&self, x: &[f32], y: &mut [f32]) {
///         for ((y, x), scale) in y.iter_mut().zip(x).zip(&self.scale) {
///             *y = x * scale;
///         }
///     }
///
///     fn backward(&self, x: &[f32], _y: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self) {
///         for i in 0..N {
///             dx[i] = dy[i] * self.scale[i];
///             gradient.scale[i] += dy[i] * x[i];
///         }
///     }
/// }
///
/// model! { Net: Input(4) => Dense(8, relu) => Scale => Dense(3) }
/// kerust::testing::check_gradients::<ScaleWeights<8>>(Seed(1)).unwrap();
/// assert_eq!(Net::PARAMS, 5 * 8 + 8 + 9 * 3);
/// ```
pub trait Layer: LayerData {
    /// The input shape, or a tuple of shapes.
    type Input: Tensors;
    /// The output shape.
    type Output: Floats;
    /// Multiply-adds of one sample. `None` if unknown: `summary()` shows that, and `#[budget(macs = ..)]` is
    /// then an error.
    const MACS: Option<usize> = None;

    /// Fills the weights, which are all 0, with their initial values.
    fn init(&mut self, rng: &mut Rng);

    /// Computes `y` from `x`. Every value of `y` must be written.
    fn forward(
        &self,
        x: <Self::Input as Elements>::Slices<'_>,
        y: <Self::Output as Elements>::SlicesMut<'_>,
    );

    /// Writes the gradient of the input to `dx`, and adds the gradient of the weights to `gradient`.
    ///
    /// A field marked `#[state]` also has space in `gradient`: the layer adds its observations there, and
    /// [`update_state`](Self::update_state) reads them.
    fn backward(
        &self,
        x: <Self::Input as Elements>::Slices<'_>,
        y: <Self::Output as Elements>::Slices<'_>,
        dy: <Self::Output as Elements>::Slices<'_>,
        dx: <Self::Input as Elements>::Gradients<'_>,
        gradient: &mut Self,
    );

    /// Updates the layer's state after a training step. The state fields of `observed` hold what
    /// [`backward`](Self::backward) added there, summed over all samples of the batch.
    fn update_state(&mut self, _observed: &Self) {}

    /// Creates a layer with initial weights.
    #[cfg(feature = "std")]
    fn new(seed: Seed) -> Box<Self> {
        let mut layer = Self::zeroed();
        layer.init(&mut seed.rng());
        layer
    }

    /// Computes the layer's output for one sample.
    fn call(&self, x: &<Self::Input as Data>::Value) -> <Self::Output as Data>::Value {
        let mut y = Self::Output::zeros();
        self.forward(Self::Input::view(x), Self::Output::view_mut(&mut y));
        y
    }

    /// Computes the layer's output for each sample of a batch.
    #[cfg(feature = "std")]
    fn call_batch(
        &self,
        batch: &[<Self::Input as Data>::Value],
    ) -> Vec<<Self::Output as Data>::Value> {
        batch.iter().map(|x| self.call(x)).collect()
    }
}

impl<L: Layer> Component for L {
    type Input = L::Input;
    type Output = L::Output;
    type Operation = Own;
    const OPERATION: Own = Own;
    const SCRATCH_LEN: usize = 0;
    const SAVED_LEN: usize = 0;
    const GRADIENT_LEN: usize = L::LAYOUT.len();
    const MACS: Option<usize> = L::MACS;
}

/// The [`Operation`] of a [`Layer`], which processes one sample after the other.
#[derive(Clone, Copy, Debug)]
pub struct Own;

impl<L: Layer> Forward<L, L::Input, L::Output, f32> for Own {
    fn forward(
        &self,
        weights: &L,
        x: <L::Input as Elements>::Slices<'_>,
        mut y: <L::Output as Elements>::SlicesMut<'_>,
        _scratch: &mut [f32],
    ) {
        for sample in 0..L::Input::samples(x) {
            weights.forward(
                L::Input::sample(x, sample),
                L::Output::sample_mut(&mut y, sample),
            );
        }
    }
}

impl<L: Layer> Operation<L, L::Input, L::Output, f32, f32> for Own {
    fn init(&self, weights: &mut L, rng: &mut Rng) {
        weights.init(rng);
    }

    fn forward_training(
        &self,
        weights: &L,
        x: <L::Input as Elements>::Slices<'_>,
        y: <L::Output as Elements>::SlicesMut<'_>,
        scratch: &mut [f32],
        _saved: &mut [f32],
        _step: LayerStep<'_>,
    ) {
        self.forward(weights, x, y, scratch);
    }

    fn backward(
        &self,
        weights: &L,
        pass: Pass<'_, L::Input, L::Output, f32>,
        gradient: Gradient<'_>,
    ) {
        // The gradient of a frozen layer is not kept. It is still computed, because it comes with the input's
        // gradient.
        #[cfg(feature = "std")]
        let mut unused;
        let gradient = match gradient.of::<L>() {
            Some(gradient) => gradient,
            #[cfg(feature = "std")]
            None => {
                unused = L::zeroed();
                &mut *unused
            }
            #[cfg(not(feature = "std"))]
            None => return,
        };
        if !pass.accumulate {
            gradient.as_mut_slice().fill(0.0);
        }
        let mut dx = L::Input::asked_for(pass.dx);
        for sample in 0..L::Input::samples(pass.x) {
            weights.backward(
                L::Input::sample(pass.x, sample),
                L::Output::sample(pass.y, sample),
                L::Output::gradient(&pass.dy, sample),
                L::Input::gradient_mut(&mut dx, sample),
                gradient,
            );
        }
    }

    fn update_state(&self, weights: &mut L, observed: Gradient<'_>) {
        if let Some(observed) = observed.of::<L>() {
            weights.update_state(observed);
        }
    }
}
