//! A vector for each position, added to a sequence.

use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::parallel::pairs;
use crate::kernels::{self, copy, sum_into};
use crate::layer::{Forward, InPlace, Operation, Pass, weights};
use crate::rng::Rng;

/// Adds a learned vector for each position to a sequence.
///
/// `y[t, c] = x[t, c] + P[t, c]`: Devlin et al. (2018), section 3. Initialised by Glorot & Bengio (2010), eq. 16.
///
/// The layer is KerasHub's. There it returns the vectors alone, for the caller to add; here it stands in a chain,
/// and adds them.
///
/// # Arguments
/// - `sequence_length` (optional): the number of vectors, at least that of the steps; as many as steps if left out.
/// - `initializer = glorot_uniform`: how the vectors are drawn; see [`init`](crate::init).
///
/// # Shapes
/// input `[T][C]`, embeddings `[L][C]`, output `[T][C]`
///
/// # Cost
/// an addition for each value; `4 * L * C` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Line: Input(16, 8) => PositionEmbedding => GlobalAveragePooling1D => Dense(2) }
/// assert_eq!(Line::PARAMS, 16 * 8 + 9 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PositionEmbedding {
    steps: usize,
    initializer: Initializer,
}

weights! {
    /// The numbers of a [`PositionEmbedding`].
    pub struct PositionEmbeddingWeights<const LENGTH: usize, const FEATURES: usize> {
        /// The vector of each position.
        pub embeddings: [[f32; FEATURES]; LENGTH],
    }
}

impl PositionEmbedding {
    /// A layer over sequences of so many steps, with vectors drawn Glorot uniform.
    pub const fn new(steps: usize) -> Self {
        Self {
            steps,
            initializer: Initializer::GLOROT_UNIFORM,
        }
    }

    /// Sets how the vectors are drawn.
    pub const fn initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = initializer;
        self
    }

    /// The vectors of the steps.
    fn positions<'a, const LENGTH: usize, const FEATURES: usize>(
        &self,
        weights: &'a PositionEmbeddingWeights<LENGTH, FEATURES>,
    ) -> &'a [f32] {
        let all = weights.embeddings.as_flattened();
        all.get(..self.steps * FEATURES).unwrap_or_default()
    }
}

impl<const LENGTH: usize, const FEATURES: usize> Forward<PositionEmbeddingWeights<LENGTH, FEATURES>>
    for PositionEmbedding
{
    fn forward(
        &self,
        weights: &PositionEmbeddingWeights<LENGTH, FEATURES>,
        x: &[f32],
        y: &mut [f32],
        (): (),
    ) {
        pairs(x, x.len(), y, x.len(), copy);
        self.forward_in_place(weights, y, (), ());
    }
}

impl<const LENGTH: usize, const FEATURES: usize> InPlace<PositionEmbeddingWeights<LENGTH, FEATURES>>
    for PositionEmbedding
{
    fn forward_in_place(
        &self,
        weights: &PositionEmbeddingWeights<LENGTH, FEATURES>,
        y: &mut [f32],
        (): (),
        (): (),
    ) {
        let positions = self.positions(weights);
        for y in y.chunks_exact_mut(positions.len().max(1)) {
            sum_into(y, positions);
        }
    }
}

impl<const LENGTH: usize, const FEATURES: usize>
    Operation<PositionEmbeddingWeights<LENGTH, FEATURES>> for PositionEmbedding
{
    fn init(&self, weights: &mut PositionEmbeddingWeights<LENGTH, FEATURES>, rng: &mut Rng) {
        let embeddings = weights.embeddings.as_flattened_mut();
        self.initializer.fill(embeddings, &[LENGTH, FEATURES], rng);
    }

    fn backward(
        &self,
        _: &PositionEmbeddingWeights<LENGTH, FEATURES>,
        pass: Pass<'_>,
        gradient: Gradient<'_>,
    ) {
        if let Some(gradient) = gradient.of::<PositionEmbeddingWeights<LENGTH, FEATURES>>() {
            let gradient = gradient.embeddings.as_flattened_mut();
            let len = self.steps * FEATURES;
            let (positions, beyond) = gradient.split_at_mut(len);
            kernels::column_sums(pass.dy, positions, len, pass.accumulate);
            if !pass.accumulate {
                beyond.fill(0.0);
            }
        }
        if let Some(dx) = pass.dx {
            dx.copy_from_slice(pass.dy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn each_position_has_a_vector() {
        let weights = PositionEmbeddingWeights::<3, 2> {
            embeddings: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        };
        let mut y = [f32::NAN; 8];
        let layer = PositionEmbedding::new(2);
        layer.forward(
            &weights,
            &[10.0, 20.0, 30.0, 40.0, 0.0, 0.0, 0.0, 0.0],
            &mut y,
            (),
        );
        assert_eq!(y, [11.0, 22.0, 33.0, 44.0, 1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = PositionEmbedding::new(5);
        check_operation::<PositionEmbeddingWeights<5, 3>, _>(&layer, 15, 15, 0).unwrap();
        check_operation::<PositionEmbeddingWeights<7, 1>, _>(&layer, 5, 5, 0).unwrap();
    }
}
