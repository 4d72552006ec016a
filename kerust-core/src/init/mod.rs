//! Initializers: Keras's names, defaults and distributions. A custom one implements [`Initialize`].

mod distribution;
#[cfg(feature = "std")]
mod orthogonal;
mod own;

use crate::rng::Rng;
pub use distribution::{Constant, Ones, RandomNormal, RandomUniform, TruncatedNormal, Zeros};
pub use own::{Custom, Initialize};

/// How the initial weights are drawn. The constants have Keras's names and defaults.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Initializer {
    /// All weights are 0.
    Zeros,
    /// All weights are 1.
    Ones,
    /// All weights have this value.
    Constant(f32),
    /// See [`RandomNormal`].
    RandomNormal {
        /// The mean.
        mean: f32,
        /// The standard deviation.
        stddev: f32,
    },
    /// See [`RandomUniform`].
    RandomUniform {
        /// The lower bound.
        minval: f32,
        /// The upper bound, which is never drawn.
        maxval: f32,
    },
    /// See [`TruncatedNormal`].
    TruncatedNormal {
        /// The mean.
        mean: f32,
        /// The standard deviation before truncation.
        stddev: f32,
    },
    /// A distribution with mean 0 and variance `scale / fan`. Keras: `VarianceScaling`.
    VarianceScaling {
        /// The scaling factor of the variance.
        scale: f32,
        /// The fan that divides the variance.
        mode: Fan,
        /// The distribution.
        distribution: Distribution,
    },
    /// A random matrix with orthonormal columns (or rows, if it has more columns than rows) times `gain`:
    /// Saxe et al. (2014). A tensor with more axes is reshaped to a matrix: its last axis gives the columns,
    /// all others the rows.
    ///
    /// It needs a QR decomposition, with heap memory for two copies in `f64`.
    #[cfg(feature = "std")]
    Orthogonal {
        /// The factor of the matrix.
        gain: f32,
    },
    /// A matrix with `gain` on its diagonal and 0 elsewhere.
    Identity {
        /// The value on the diagonal.
        gain: f32,
    },
    /// A custom initializer.
    Custom(Custom),
}

/// The fan that [`Initializer::VarianceScaling`] uses. For a tensor with the sizes `[.., inputs, outputs]`,
/// the fans are `inputs` and `outputs`, each multiplied by all sizes before them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fan {
    /// The number of inputs of one output.
    In,
    /// The number of outputs of one input.
    Out,
    /// The mean of the two.
    Avg,
}

/// The distribution that [`Initializer::VarianceScaling`] draws from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Distribution {
    /// Normal, truncated at two standard deviations, and scaled to the required variance.
    TruncatedNormal,
    /// Normal, without truncation.
    UntruncatedNormal,
    /// Uniform.
    Uniform,
}

/// The standard deviation of a standard normal distribution truncated at -2 and 2.
const TRUNCATED_STDDEV: f64 = 0.879_625_661_034_239_8;

impl Initializer {
    /// All weights are 0.
    pub const ZEROS: Self = Self::Zeros;
    /// All weights are 1.
    pub const ONES: Self = Self::Ones;
    /// Uniform in `±sqrt(6 / (fan_in + fan_out))`: Glorot & Bengio (2010), eq. 16.
    pub const GLOROT_UNIFORM: Self = Self::scaled(1.0, Fan::Avg, Distribution::Uniform);
    /// Truncated normal with variance `2 / (fan_in + fan_out)`: Glorot & Bengio (2010), eq. 12.
    pub const GLOROT_NORMAL: Self = Self::scaled(1.0, Fan::Avg, Distribution::TruncatedNormal);
    /// Uniform in `±sqrt(6 / fan_in)`: He et al. (2015).
    pub const HE_UNIFORM: Self = Self::scaled(2.0, Fan::In, Distribution::Uniform);
    /// Truncated normal with variance `2 / fan_in`: He et al. (2015), eq. 10.
    pub const HE_NORMAL: Self = Self::scaled(2.0, Fan::In, Distribution::TruncatedNormal);
    /// Uniform in `±sqrt(3 / fan_in)`: LeCun et al. (1998), section 4.6.
    pub const LECUN_UNIFORM: Self = Self::scaled(1.0, Fan::In, Distribution::Uniform);
    /// Truncated normal with variance `1 / fan_in`: LeCun et al. (1998), section 4.6.
    pub const LECUN_NORMAL: Self = Self::scaled(1.0, Fan::In, Distribution::TruncatedNormal);
    /// The same as [`LECUN_NORMAL`](Self::LECUN_NORMAL).
    pub const VARIANCE_SCALING: Self = Self::scaled(1.0, Fan::In, Distribution::TruncatedNormal);
    /// Normal with standard deviation 0.05.
    pub const RANDOM_NORMAL: Self = RandomNormal::DEFAULT.initializer();
    /// Uniform in ±0.05.
    pub const RANDOM_UNIFORM: Self = RandomUniform::DEFAULT.initializer();
    /// Normal with standard deviation 0.05, truncated at ±0.1.
    pub const TRUNCATED_NORMAL: Self = TruncatedNormal::DEFAULT.initializer();
    /// A random orthonormal matrix: Saxe et al. (2014).
    #[cfg(feature = "std")]
    pub const ORTHOGONAL: Self = Self::Orthogonal { gain: 1.0 };
    /// The identity matrix.
    pub const IDENTITY: Self = Self::Identity { gain: 1.0 };

    const fn scaled(scale: f32, mode: Fan, distribution: Distribution) -> Self {
        Self::VarianceScaling {
            scale,
            mode,
            distribution,
        }
    }

    /// Whether a tensor with `rank` axes can be filled. `Identity` needs exactly 2 axes, and `Orthogonal` at
    /// least 2.
    pub const fn fits_rank(self, rank: usize) -> bool {
        match self {
            Self::Identity { .. } => rank == 2,
            #[cfg(feature = "std")]
            Self::Orthogonal { .. } => rank >= 2,
            _ => true,
        }
    }

    /// Fills `values`, a row-major tensor with the given sizes. The last size is the number of outputs and
    /// the one before it the number of inputs. All sizes before them belong to the window of a kernel.
    ///
    /// # Panics
    /// Panics when the initializer does not [fit](Self::fits_rank) the number of sizes.
    pub fn fill(self, values: &mut [f32], sizes: &[usize], rng: &mut Rng) {
        assert!(
            self.fits_rank(sizes.len()),
            "`{self:?}` cannot fill a tensor of the sizes {sizes:?}"
        );
        match self {
            Self::Zeros => Zeros.fill(values, rng),
            Self::Ones => Ones.fill(values, rng),
            Self::Constant(value) => Constant(value).fill(values, rng),
            Self::RandomNormal { mean, stddev } => RandomNormal { mean, stddev }.fill(values, rng),
            Self::RandomUniform { minval, maxval } => {
                RandomUniform { minval, maxval }.fill(values, rng)
            }
            Self::TruncatedNormal { mean, stddev } => {
                TruncatedNormal { mean, stddev }.fill(values, rng);
            }
            Self::VarianceScaling {
                scale,
                mode,
                distribution,
            } => distribution.fill(values, f64::from(scale) / mode.of(sizes), rng),
            #[cfg(feature = "std")]
            Self::Orthogonal { gain } => orthogonal::fill(values, sizes, gain, rng),
            Self::Identity { gain } => {
                values.fill(0.0);
                let columns = sizes[1];
                let diagonal = values.iter_mut().step_by(columns + 1).take(columns);
                diagonal.for_each(|value| *value = gain);
            }
            Self::Custom(custom) => custom.0.fill(values, sizes, rng),
        }
    }
}

impl Fan {
    /// At least 1, as in Keras: an empty tensor is not an error.
    fn of(self, sizes: &[usize]) -> f64 {
        let (inputs, outputs) = match sizes {
            [] => (1, 1),
            [size] => (*size, *size),
            [window @ .., inputs, outputs] => {
                let area: usize = window.iter().product();
                (area * inputs, area * outputs)
            }
        };
        let fan = match self {
            Self::In => inputs as f64,
            Self::Out => outputs as f64,
            Self::Avg => (inputs + outputs) as f64 / 2.0,
        };
        fan.max(1.0)
    }
}

impl Distribution {
    fn fill(self, values: &mut [f32], variance: f64, rng: &mut Rng) {
        let stddev = libm::sqrt(variance);
        match self {
            Self::TruncatedNormal => TruncatedNormal {
                mean: 0.0,
                stddev: (stddev / TRUNCATED_STDDEV) as f32,
            }
            .fill(values, rng),
            Self::UntruncatedNormal => RandomNormal {
                mean: 0.0,
                stddev: stddev as f32,
            }
            .fill(values, rng),
            Self::Uniform => {
                let maxval = libm::sqrt(3.0 * variance) as f32;
                RandomUniform {
                    minval: -maxval,
                    maxval,
                }
                .fill(values, rng);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    fn drawn(initializer: Initializer, sizes: &[usize]) -> Vec<f32> {
        let mut values = vec![f32::NAN; sizes.iter().product()];
        initializer.fill(&mut values, sizes, &mut Seed(3).rng());
        values
    }

    fn mean_and_stddev(values: &[f32]) -> (f64, f64) {
        let mean = |of: &dyn Fn(f64) -> f64| {
            values.iter().map(|v| of(f64::from(*v))).sum::<f64>() / values.len() as f64
        };
        let first = mean(&|v| v);
        (first, mean(&|v| (v - first) * (v - first)).sqrt())
    }

    #[test]
    fn mean_deviation_and_limits_are_those_of_the_distribution() {
        // Fans 144 and 576. Each case has the expected deviation and the limit that no value exceeds.
        let sizes = [3, 3, 16, 64];
        let uniform = |std: f64| (std, std * 3f64.sqrt());
        let truncated = |std: f64| (std, std / TRUNCATED_STDDEV * 2.0);
        let cases = [
            (
                Initializer::GLOROT_UNIFORM,
                uniform((1.0f64 / 360.0).sqrt()),
            ),
            (
                Initializer::GLOROT_NORMAL,
                truncated((1.0f64 / 360.0).sqrt()),
            ),
            (Initializer::HE_UNIFORM, uniform((2.0f64 / 144.0).sqrt())),
            (Initializer::HE_NORMAL, truncated((2.0f64 / 144.0).sqrt())),
            (Initializer::LECUN_UNIFORM, uniform(1.0 / 12.0)),
            (Initializer::LECUN_NORMAL, truncated(1.0 / 12.0)),
            (Initializer::VARIANCE_SCALING, truncated(1.0 / 12.0)),
            (
                Initializer::scaled(4.0, Fan::Out, Distribution::UntruncatedNormal),
                (2.0 / 24.0, 2.0 / 24.0 * 5.8),
            ),
            (Initializer::RANDOM_NORMAL, (0.05, 0.05 * 5.8)),
            (Initializer::RANDOM_UNIFORM, uniform(0.05 / 3f64.sqrt())),
            (
                Initializer::TRUNCATED_NORMAL,
                truncated(0.05 * TRUNCATED_STDDEV),
            ),
        ];
        for (initializer, (wanted, limit)) in cases {
            let values = drawn(initializer, &sizes);
            let (mean, stddev) = mean_and_stddev(&values);
            // 9216 values: the tolerance is six standard errors of the mean, 6 / 96 of the deviation.
            assert!(mean.abs() < 0.063 * wanted, "{initializer:?}: {mean}");
            assert!(
                (stddev / wanted - 1.0).abs() < 0.045,
                "{initializer:?}: {stddev}"
            );
            let largest = values.iter().fold(0.0f32, |a, v| a.max(v.abs()));
            assert!(
                f64::from(largest) <= limit * (1.0 + 1e-6),
                "{initializer:?}: {largest}"
            );
            assert!(
                f64::from(largest) > 0.55 * limit,
                "{initializer:?}: {largest}"
            );
        }
    }

    #[test]
    fn mean_and_limits_move_with_the_parameters() {
        let values = drawn(
            Initializer::TruncatedNormal {
                mean: 7.0,
                stddev: 0.5,
            },
            &[5000],
        );
        assert!(values.iter().all(|v| (6.0..=8.0).contains(v)));
        assert!((mean_and_stddev(&values).0 - 7.0).abs() < 0.05);
        let values = drawn(
            Initializer::RandomUniform {
                minval: 1.0,
                maxval: 3.0,
            },
            &[5000],
        );
        assert!(values.iter().all(|v| (1.0..3.0).contains(v)));
        assert!((mean_and_stddev(&values).0 - 2.0).abs() < 0.05);
    }

    #[test]
    fn fans_are_those_of_keras() {
        let fans = |sizes: &[usize]| [Fan::In, Fan::Out, Fan::Avg].map(|fan| fan.of(sizes));
        assert_eq!(fans(&[]), [1.0, 1.0, 1.0]);
        assert_eq!(fans(&[7]), [7.0, 7.0, 7.0]);
        assert_eq!(fans(&[0]), [1.0, 1.0, 1.0]);
        assert_eq!(fans(&[200, 100]), [200.0, 100.0, 150.0]);
        assert_eq!(fans(&[3, 3, 16, 64]), [144.0, 576.0, 360.0]);
    }

    #[test]
    fn identity_has_its_gain_on_the_diagonal() {
        let gain = Initializer::Identity { gain: 2.0 };
        assert_eq!(drawn(gain, &[2, 3]), [2.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
        assert_eq!(drawn(gain, &[3, 2]), [2.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn constants_fill() {
        assert_eq!(drawn(Initializer::ZEROS, &[3]), [0.0; 3]);
        assert_eq!(drawn(Initializer::ONES, &[3]), [1.0; 3]);
        assert_eq!(drawn(Initializer::Constant(0.3), &[3]), [0.3; 3]);
    }

    #[test]
    #[should_panic(expected = "cannot fill a tensor of the sizes [3, 3, 1, 2]")]
    fn identity_refuses_a_window() {
        drawn(Initializer::IDENTITY, &[3, 3, 1, 2]);
    }
}
