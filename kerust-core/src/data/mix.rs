//! Mixed samples: `MixUp` and `CutMix`.

use super::samples::{Batch, Room, Samples};
use super::{Data, Dataset};
use crate::error::Result;
use crate::rng::{Rng, Seed};
use crate::tensor::{Rank3, StaticShape, Tensor};
use rand::RngExt;
use rand::seq::SliceRandom;

/// A data set in which each sample is mixed with another sample of its batch, as returned by
/// [`Dataset::mix_up`] and [`Dataset::cut_mix`].
///
/// The mixture depends only on the seed and the samples of the batch. It changes with the order of the
/// samples and thus from epoch to epoch, and a resumed training gets the same mixtures as an uninterrupted
/// one.
#[derive(Clone, Debug)]
pub struct Mixed<X: Data, Y: Data> {
    data: Dataset<X, Y>,
    alpha: f32,
    seed: Seed,
    mix: fn(&mut Rng, f32, &mut X::Value, &X::Value) -> f32,
}

impl<X: StaticShape, Y: StaticShape> Dataset<X, Y> {
    /// Mixes each sample with another one of its batch. Inputs and labels are blended with a share from a
    /// beta distribution with `alpha`: Keras's `MixUp(alpha)`, whose default is 0.2. Zhang et al. (2017),
    /// arXiv:1710.09412.
    ///
    /// Labels must be numbers. Convert class labels to rows by [`to_categorical`](Self::to_categorical), and
    /// use `CategoricalCrossentropy`.
    ///
    /// ```
    /// use kerust::data::{Class, Dataset};
    /// use kerust::rng::Seed;
    /// use kerust::tensor::Rank3;
    ///
    /// # let train = Dataset::<Rank3<8, 8, 1>, Class<3>>::fill(6, |i, _, y| *y = Class::new(i % 3));
    /// let mixed = train.to_categorical().mix_up(0.2, Seed(1));
    /// ```
    ///
    /// # Panics
    /// Panics unless `alpha` is a finite number above 0.
    pub fn mix_up(&self, alpha: f32, seed: Seed) -> Mixed<X, Y> {
        self.mixed(alpha, seed, |rng, alpha, x, other| {
            let share = beta(rng, alpha);
            blend(share, x.as_mut_slice(), other.as_slice());
            share
        })
    }

    fn mixed(
        &self,
        alpha: f32,
        seed: Seed,
        mix: fn(&mut Rng, f32, &mut Tensor<X>, &Tensor<X>) -> f32,
    ) -> Mixed<X, Y> {
        assert!(
            alpha > 0.0 && alpha.is_finite(),
            "`alpha` is {alpha}, expected a finite number above 0"
        );
        Mixed {
            data: self.clone(),
            alpha,
            seed,
            mix,
        }
    }
}

impl<const H: usize, const W: usize, const C: usize, Y: StaticShape> Dataset<Rank3<H, W, C>, Y> {
    /// Pastes a rectangle from another image of its batch into each image, and mixes the labels in proportion
    /// to the area: Keras's `CutMix(factor)`, whose default is 1. Yun et al. (2019), arXiv:1905.04899.
    ///
    /// Labels must be numbers, as for [`mix_up`](Self::mix_up).
    ///
    /// # Panics
    /// Panics unless `alpha` is a finite number above 0.
    pub fn cut_mix(&self, alpha: f32, seed: Seed) -> Mixed<Rank3<H, W, C>, Y> {
        self.mixed(alpha, seed, |rng, alpha, x, other| {
            let side = (1.0 - beta(rng, alpha)).sqrt();
            let mut bounds = |size: usize| {
                let length = side * size as f32;
                let start = rng.random::<f32>() * (size as f32 - length);
                [start, start + length]
            };
            let ([left, right], [top, bottom]) = (bounds(W), bounds(H));
            let inside = |at: usize, [start, end]: [f32; 2]| (start..end).contains(&(at as f32));
            for row in (0..H).filter(|row| inside(*row, [top, bottom])) {
                for column in (0..W).filter(|column| inside(*column, [left, right])) {
                    let pixel = (row * W + column) * C..(row * W + column + 1) * C;
                    x.as_mut_slice()[pixel.clone()].copy_from_slice(&other.as_slice()[pixel]);
                }
            }
            1.0 - (right - left) * (bottom - top) / (W * H) as f32
        })
    }
}

impl<X: StaticShape, Y: StaticShape> Samples<X, Y> for Mixed<X, Y> {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn class_names(&self) -> &[String] {
        self.data.class_names()
    }

    fn gather<'s: 'x + 'y, 'x, 'y>(
        &'s self,
        numbers: &[usize],
        room: Room<'x, 'y, X, Y>,
    ) -> Result<Batch<'x, 'y, X, Y>> {
        // FNV-1a, over the indices.
        let hash =
            |hash: u64, number: &usize| (hash ^ *number as u64).wrapping_mul(0x0100_0000_01b3);
        let batch = numbers.iter().fold(0xcbf2_9ce4_8422_2325, hash);
        let mut rng = Seed(self.seed.0 ^ batch).rng();
        let mut partners = numbers.to_vec();
        partners.shuffle(&mut rng);
        let mut partners = partners.into_iter();
        let (mut other_x, mut other_y) = (bytemuck::zeroed_box(), bytemuck::zeroed_box());
        room.fill(numbers, |number, x, y| {
            self.data.read(number, x, y);
            let partner = partners.next().unwrap_or(number);
            self.data.read(partner, &mut other_x, &mut other_y);
            let share = (self.mix)(&mut rng, self.alpha, x, &other_x);
            blend(share, y.as_mut_slice(), other_y.as_slice());
            Ok(())
        })
    }
}

/// Computes `share` times `values` plus the rest times `others`.
fn blend(share: f32, values: &mut [f32], others: &[f32]) {
    let pairs = values.iter_mut().zip(others);
    pairs.for_each(|(value, other)| *value = share * *value + (1.0 - share) * other);
}

/// A random number from the beta distribution with both parameters `alpha`.
fn beta(rng: &mut Rng, alpha: f32) -> f32 {
    let alpha = f64::from(alpha);
    if alpha > 1.0 {
        let [a, b] = [gamma(rng, alpha), gamma(rng, alpha)];
        return (a / (a + b)) as f32;
    }
    // Jöhnk (1964), with logarithms, because the powers of a small `alpha` underflow.
    loop {
        let [a, b] = [(); 2].map(|()| (1.0 - rng.random::<f64>()).ln() / alpha);
        let greater = a.max(b);
        let sum = greater + ((a - greater).exp() + (b - greater).exp()).ln();
        if sum <= 0.0 {
            return (a - sum).exp() as f32;
        }
    }
}

/// A random number from the gamma distribution with a shape above 1: Marsaglia & Tsang (2000).
fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let [radius, angle] = [(); 2].map(|()| 1.0 - rng.random::<f64>());
        let normal = (-2.0 * radius.ln()).sqrt() * (core::f64::consts::TAU * angle).cos();
        let volume = (1.0 + c * normal).powi(3);
        let limit = 0.5 * normal * normal + d - d * volume + d * volume.ln();
        if volume > 0.0 && (1.0 - rng.random::<f64>()).ln() < limit {
            return d * volume;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::samples::Side;
    use crate::tensor::Rank1;

    type Images = Dataset<Rank3<5, 3, 2>, Rank1<4>>;

    /// Images with one level each. The label has a 1 at the index of the level.
    fn images() -> Images {
        Images::fill(4, |number, x, y| {
            x.as_mut_slice().fill(number as f32);
            y.as_mut_slice().fill(0.0);
            y.as_mut_slice()[number] = 1.0;
        })
    }

    /// The inputs and the labels of a batch.
    fn batch(mixed: &Mixed<Rank3<5, 3, 2>, Rank1<4>>, numbers: &[usize]) -> [Vec<f32>; 2] {
        let (mut x, mut y) = (Side::default(), Side::default());
        let (x, y) = mixed.gather(numbers, Room::new(&mut x, &mut y)).unwrap();
        [x.to_vec(), y.to_vec()]
    }

    /// The level that a label encodes.
    fn level(label: &[f32]) -> f32 {
        label
            .iter()
            .enumerate()
            .map(|(level, share)| level as f32 * share)
            .sum()
    }

    #[test]
    fn inputs_and_labels_are_mixed_by_one_share() {
        let mixed = images().mix_up(0.8, Seed(1));
        let [x, y] = batch(&mixed, &[0, 1, 2, 3]);
        for (x, y) in x.chunks(30).zip(y.chunks(4)) {
            assert!((y.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            assert!(x.iter().all(|value| (value - level(y)).abs() < 1e-5));
        }
        assert!(y.iter().any(|share| *share > 0.01 && *share < 0.99));
        assert_eq!(batch(&mixed, &[0, 1, 2, 3]), [x.clone(), y]);
        assert_ne!(batch(&mixed, &[3, 1, 2, 0])[0], x);
    }

    #[test]
    fn a_rectangle_of_another_image_counts_by_its_area() {
        let mixed = images().cut_mix(1.0, Seed(2));
        let mut cut = 0;
        for seed in 0..20 {
            let mixed = Mixed {
                seed: Seed(seed),
                ..mixed.clone()
            };
            let [x, y] = batch(&mixed, &[0, 1, 2, 3]);
            for (x, y) in x.chunks(30).zip(y.chunks(4)) {
                let mean = x.iter().sum::<f32>() / 30.0;
                // In a small image, whole pixels do not match the area exactly.
                assert!((mean - level(y)).abs() < 1.5, "{mean} and {y:?}");
                assert!(x.iter().all(|value| value.fract() == 0.0));
                cut += usize::from(x.iter().any(|value| *value != x[0]));
            }
        }
        assert!(cut > 20, "{cut}");
    }

    #[test]
    fn shares_are_of_the_beta_distribution() {
        let mut rng = Seed(5).rng();
        for alpha in [0.05f32, 0.2, 1.0, 4.0] {
            let shares: Vec<f64> = (0..20_000)
                .map(|_| f64::from(beta(&mut rng, alpha)))
                .collect();
            let mean = shares.iter().sum::<f64>() / 20_000.0;
            let variance = shares
                .iter()
                .map(|share| (share - 0.5).powi(2))
                .sum::<f64>()
                / 20_000.0;
            let expected = 0.25 / (2.0 * f64::from(alpha) + 1.0);
            // At least five standard errors.
            assert!(
                (mean - 0.5).abs() < 0.02 && (variance - expected).abs() < 0.005,
                "{alpha}: {mean}, {variance}"
            );
        }
    }
}
