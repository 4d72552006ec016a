//! Initializers that do not depend on the layer: they need only a slice and a generator.

use super::Initializer;
use crate::rng::{LayerStep, Rng};
use core::f32::consts::TAU;
use rand::RngExt;

/// Sets all weights to 0. Keras: `Zeros`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Zeros;

/// Sets all weights to 1. Keras: `Ones`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ones;

/// Sets all weights to one value, 0 by default. Keras: `Constant`.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Constant(pub f32);

/// Normal distribution, by default with mean 0 and standard deviation 0.05. Keras: `RandomNormal`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RandomNormal {
    /// The mean.
    pub mean: f32,
    /// The standard deviation.
    pub stddev: f32,
}

/// Uniform distribution between `minval` and `maxval`, by default ±0.05. Keras: `RandomUniform`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RandomUniform {
    /// The lower bound.
    pub minval: f32,
    /// The upper bound, which is never drawn.
    pub maxval: f32,
}

/// Normal distribution in which values more than two standard deviations from the mean are drawn again, by
/// default with mean 0 and standard deviation 0.05. Keras: `TruncatedNormal`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TruncatedNormal {
    /// The mean.
    pub mean: f32,
    /// The standard deviation before truncation; the truncated distribution has 0.88 times this.
    pub stddev: f32,
}

impl Zeros {
    /// Fills `values`.
    pub fn fill(self, values: &mut [f32], _rng: &mut Rng) {
        values.fill(0.0);
    }
}

impl Ones {
    /// Fills `values`.
    pub fn fill(self, values: &mut [f32], _rng: &mut Rng) {
        values.fill(1.0);
    }
}

impl Constant {
    /// Fills `values`.
    pub fn fill(self, values: &mut [f32], _rng: &mut Rng) {
        values.fill(self.0);
    }
}

impl RandomNormal {
    pub(super) const DEFAULT: Self = Self {
        mean: 0.0,
        stddev: 0.05,
    };

    pub(super) const fn initializer(self) -> Initializer {
        let Self { mean, stddev } = self;
        Initializer::RandomNormal { mean, stddev }
    }

    /// Fills `values`.
    pub fn fill(self, values: &mut [f32], rng: &mut Rng) {
        let mut normals = Normals::new(rng);
        values
            .iter_mut()
            .for_each(|value| *value = self.mean + self.stddev * normals.draw());
    }
}

impl RandomNormal {
    /// Fills `values`, those of each sample by the numbers that the sample draws in a step.
    pub(crate) fn fill_samples(self, values: &mut [f32], step: LayerStep<'_>) {
        let len = (values.len() / step.samples()).max(1);
        for (sample, values) in values.chunks_mut(len).enumerate() {
            self.fill(values, &mut step.sample_rng(sample));
        }
    }
}

impl RandomUniform {
    pub(super) const DEFAULT: Self = Self {
        minval: -0.05,
        maxval: 0.05,
    };

    pub(super) const fn initializer(self) -> Initializer {
        let Self { minval, maxval } = self;
        Initializer::RandomUniform { minval, maxval }
    }

    /// Fills `values`.
    pub fn fill(self, values: &mut [f32], rng: &mut Rng) {
        let width = self.maxval - self.minval;
        values
            .iter_mut()
            .for_each(|value| *value = self.minval + width * rng.random::<f32>());
    }
}

impl TruncatedNormal {
    pub(super) const DEFAULT: Self = Self {
        mean: 0.0,
        stddev: 0.05,
    };

    pub(super) const fn initializer(self) -> Initializer {
        let Self { mean, stddev } = self;
        Initializer::TruncatedNormal { mean, stddev }
    }

    /// Fills `values`.
    pub fn fill(self, values: &mut [f32], rng: &mut Rng) {
        let mut normals = Normals::new(rng);
        values.iter_mut().for_each(|value| {
            let normal = loop {
                let normal = normals.draw();
                if normal.abs() <= 2.0 {
                    break normal;
                }
            };
            *value = self.mean + self.stddev * normal;
        });
    }
}

macro_rules! defaults {
    ($($name:ident)+) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self::DEFAULT
            }
        }

        impl From<$name> for Initializer {
            fn from(initializer: $name) -> Self {
                initializer.initializer()
            }
        }
    )+};
}
defaults! { RandomNormal RandomUniform TruncatedNormal }

/// Standard normal numbers, two at a time: Box & Muller (1958). They are not taken from `rand_distr`, whose
/// bits change with the features of other crates in the build.
pub(super) struct Normals<'a> {
    rng: &'a mut Rng,
    second: Option<f32>,
}

impl<'a> Normals<'a> {
    pub(super) fn new(rng: &'a mut Rng) -> Self {
        Self { rng, second: None }
    }

    pub(super) fn draw(&mut self) -> f32 {
        if let Some(second) = self.second.take() {
            return second;
        }
        // In (0, 1], so that the logarithm is finite.
        let unit = 1.0 - self.rng.random::<f32>();
        let radius = libm::sqrtf(-2.0 * libm::logf(unit));
        let (sin, cos) = libm::sincosf(TAU * self.rng.random::<f32>());
        self.second = Some(radius * sin);
        radius * cos
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn normals_have_the_moments_of_the_standard_normal() {
        let mut rng = Seed(5).rng();
        let mut normals = Normals::new(&mut rng);
        let draws: Vec<f64> = (0..100_000).map(|_| f64::from(normals.draw())).collect();
        let moment = |power| draws.iter().map(|z| z.powi(power)).sum::<f64>() / 100_000.0;
        // The tolerances are five standard errors.
        for (power, wanted, tolerance) in [
            (1, 0.0, 0.016),
            (2, 1.0, 0.023),
            (3, 0.0, 0.062),
            (4, 3.0, 0.16),
        ] {
            let found = moment(power);
            assert!((found - wanted).abs() < tolerance, "{power}: {found}");
        }
        let beyond = draws.iter().filter(|z| z.abs() > 2.0).count();
        assert!((4220..=4880).contains(&beyond), "{beyond}");
        // The two numbers of a pair are independent.
        let products: f64 = draws.chunks(2).map(|pair| pair[0] * pair[1]).sum();
        assert!((products / 50_000.0).abs() < 0.023);
    }

    #[test]
    fn the_same_seed_draws_the_same_bits() {
        // Golden values: a seed must give the same numbers in future versions.
        let mut values = [0.0; 3];
        RandomNormal::default().fill(&mut values, &mut Seed(42).rng());
        assert_eq!(
            values.map(f32::to_bits),
            [3_161_597_629, 3_171_203_906, 1_021_004_813]
        );
    }
}
