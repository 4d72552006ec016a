//! A custom activation, initializer, regularizer and constraint, named by their paths, and a custom optimizer.
use kerust::activation::PointwiseActivation;
use kerust::constraint::Constrain;
use kerust::init::Initialize;
use kerust::optimizer::{Optimizer, Piece, Settings, StepInfo};
use kerust::prelude::*;
use kerust::regularizer::Regularize;
use kerust::rng::Rng;

mod own {
    /// `y = x + sin²(a x) / a`: Ziyin et al. (2020). It can learn what repeats.
    pub struct Snake(pub f32);
    /// The same weights for all inputs of a unit.
    pub struct Columns(pub f32);
    /// Moves the mean of the weights towards 0.
    pub struct ZeroMean(pub f32);
    /// No weight is farther from 0 than a limit.
    pub struct Clip(pub f32);
}

impl PointwiseActivation for own::Snake {
    fn value(&self, x: f32) -> f32 {
        x + (self.0 * x).sin().powi(2) / self.0
    }

    fn derivative(&self, x: f32) -> f32 {
        1.0 + (2.0 * self.0 * x).sin()
    }
}

impl Initialize for own::Columns {
    fn fill(&self, values: &mut [f32], sizes: &[usize], rng: &mut Rng) {
        let units = sizes.last().copied().unwrap_or(1);
        let column: Vec<f32> = (0..units)
            .map(|_| rng.random_range(-self.0..self.0))
            .collect();
        values
            .chunks_mut(units)
            .for_each(|row| row.copy_from_slice(&column));
    }
}

impl Regularize for own::ZeroMean {
    fn penalty(&self, values: &[f32], _sizes: &[usize]) -> f64 {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        f64::from(self.0 * mean * mean)
    }

    fn add_derivative(&self, values: &[f32], _sizes: &[usize], gradient: &mut [f32]) {
        let len = values.len() as f32;
        let mean = values.iter().sum::<f32>() / len;
        gradient
            .iter_mut()
            .for_each(|g| *g += 2.0 * self.0 * mean / len);
    }
}

impl Constrain for own::Clip {
    fn apply(&self, weights: &mut [f32], _sizes: &[usize]) {
        weights
            .iter_mut()
            .for_each(|w| *w = w.clamp(-self.0, self.0));
    }
}

/// `w ← w - learning_rate · sign(g)`: Bernstein et al. (2018), algorithm 1.
struct SignSgd(Settings);

impl Optimizer for SignSgd {
    fn name(&self) -> &'static str {
        "sign_sgd"
    }

    fn settings(&self) -> &Settings {
        &self.0
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.0
    }

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        for (w, g) in piece.weights.iter_mut().zip(piece.gradient) {
            *w -= info.learning_rate * g.signum();
        }
    }
}

model! {
    pub Wave:
        Input(1)
        => Dense(16, own::Snake(1.0), kernel_initializer = own::Columns(2.0))
        => Dense(16, own::Snake(1.0), kernel_regularizer = own::ZeroMean(0.01), kernel_constraint = own::Clip(0.8))
        => Dense(1)
}

fn main() -> kerust::Result<()> {
    kerust::testing::check_activation(&own::Snake(1.0))?;
    kerust::testing::check_regularizer(&own::ZeroMean(0.01), &[16, 16])?;
    let data: Dataset<Rank1<1>, Rank1<1>> = Dataset::generate(400, |place| {
        let x = place as f32 / 40.0 - 5.0;
        ([x].into(), [(2.0 * x).sin()].into())
    });
    let mut model = Wave::new(Seed(1)).compile(
        SignSgd(Settings::new(0.002)),
        MeanSquaredError,
        MeanAbsoluteError,
    );
    let history = model.fit(&data, Fit::epochs(60).quiet())?;
    if let Some([first, .., last]) = history.series("loss") {
        println!("loss {first:.4} -> {last:.4}");
    }
    let clipped = model.model().dense_1.kernel.as_flattened();
    assert!(
        clipped.iter().all(|w| w.abs() <= 0.8),
        "the constraint holds"
    );
    Ok(())
}
