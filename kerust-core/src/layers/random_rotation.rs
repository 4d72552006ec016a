//! RandomRotation layer.

use super::image::{Neighbours, Resample};
use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};
use crate::layers::Interpolation;
use crate::rng::LayerStep;
use core::f32::consts::TAU;
use rand::RngExt;

/// What lies around an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FillMode {
    /// `d c b a | a b c d | d c b a`
    #[default]
    Reflect,
    /// `k k k k | a b c d | k k k k`
    Constant,
    /// `a b c d | a b c d | a b c d`
    Wrap,
    /// `a a a a | a b c d | d d d d`
    Nearest,
}

/// Turns images at random in training.
///
/// In training each image is turned by an angle `a` drawn uniformly from `lower..upper` full turns,
/// else not. Pixel `(x, y)` of the output lies in the input at
///
/// ```text
/// x' = cos(a)·(x - cx) - sin(a)·(y - cy) + cx        cx = (width - 1) / 2
/// y' = sin(a)·(x - cx) + cos(a)·(y - cy) + cy        cy = (height - 1) / 2
/// ```
///
/// As y counts downwards, a positive angle turns the picture counterclockwise as seen.
///
/// # Arguments
/// - `factor`: the largest turn to both sides as a share of a full turn, or the two ends of a range: `0.2` or
///   `(-0.1, 0.3)`.
/// - `fill_mode = reflect`: what lies around an image, `reflect`, `constant`, `wrap` or `nearest`; see
///   [`FillMode`].
/// - `interpolation = bilinear`: how a value between pixels is read, `bilinear` or `nearest`.
/// - `fill_value = 0`: what lies around an image with `constant`.
///
/// # Shapes
/// input and output `[H][W][C]`; saves one value, the angle in radians
///
/// # Cost
/// in training `4 * H * W * C` multiply-adds; in inference a copy
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => RandomRotation(0.1) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, (28 * 28 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomRotation {
    sizes: [usize; 3],
    lower: f32,
    upper: f32,
    fill_mode: FillMode,
    fill_value: f32,
    interpolation: Interpolation,
}

impl RandomRotation {
    /// Images of `[height, width, channels]`, turned by `lower` to `upper` full turns; bilinear,
    /// reflected at the edges.
    pub const fn new(sizes: [usize; 3], lower: f32, upper: f32) -> Self {
        Self {
            sizes,
            lower,
            upper,
            fill_mode: FillMode::Reflect,
            fill_value: 0.0,
            interpolation: Interpolation::Bilinear,
        }
    }

    /// Sets what lies around an image.
    pub const fn fill_mode(mut self, fill_mode: FillMode) -> Self {
        self.fill_mode = fill_mode;
        self
    }

    /// Sets the value around an image, for [`FillMode::Constant`].
    pub const fn fill_value(mut self, fill_value: f32) -> Self {
        self.fill_value = fill_value;
        self
    }

    /// Sets how a value between pixels is read.
    pub const fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// Turns one image by `angle` radians.
    pub fn rotate(&self, angle: f32, x: &[f32], y: &mut [f32]) {
        self.resample(angle).forward(x, y);
    }

    fn resample(&self, angle: f32) -> Resample<impl Fn(usize, usize) -> [Neighbours; 2]> {
        let Self {
            fill_mode,
            interpolation,
            sizes: [height, width, _],
            ..
        } = *self;
        // The order of the operations is Keras's, so that the same pixels are read.
        let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
        let (cx, cy) = (0.5 * (width as f32 - 1.0), 0.5 * (height as f32 - 1.0));
        let (right, down) = (cx - cx * cos + cy * sin, cy - cx * sin - cy * cos);
        let neighbours = move |row: usize, column: usize| {
            let (x, y) = (column as f32, row as f32);
            let axis =
                |at, size| Neighbours::around(fill_mode.inside(at, size), size, interpolation);
            [
                axis(sin * x + cos * y + down, height),
                axis(cos * x - sin * y + right, width),
            ]
        };
        Resample {
            input: self.sizes,
            output: [height, width],
            fill_value: self.fill_value,
            neighbours,
        }
    }

    fn len(&self) -> usize {
        self.sizes.iter().product()
    }
}

impl Forward<()> for RandomRotation {
    fn forward(&self, _weights: &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for RandomRotation {
    fn forward_training(
        &self,
        _weights: &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        if step.is_inference() {
            return self.forward(&(), x, y, ());
        }
        let (mut rng, len) = (step.rng(saved.len()), self.len());
        saved.iter_mut().for_each(|angle| {
            *angle = TAU * (self.lower + (self.upper - self.lower) * rng.random::<f32>());
        });
        let images = x.chunks_exact(len).zip(y.chunks_exact_mut(len));
        for ((x, y), angle) in images.zip(saved) {
            self.rotate(*angle, x, y);
        }
    }

    fn backward(&self, _weights: &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        let len = self.len();
        let images = dx.chunks_exact_mut(len).zip(pass.dy.chunks_exact(len));
        for ((dx, dy), angle) in images.zip(pass.saved) {
            self.resample(*angle).backward(dy, dx);
        }
    }
}

impl FillMode {
    /// The place in a line of `size` pixels that stands for the place `at`.
    #[inline]
    pub(super) fn inside(self, at: f32, size: usize) -> f32 {
        let last = size as f32 - 1.0;
        if self == Self::Constant || (at >= 0.0 && at <= last) {
            at
        } else {
            self.folded(at, size).clamp(0.0, last)
        }
    }

    /// As TensorFlow's `ImageProjectiveTransformV3`, with its quirks: places up to half a pixel
    /// outside of the first and last centre are on them, and a wrapped line has no place between
    /// its ends.
    fn folded(self, at: f32, size: usize) -> f32 {
        let (len, last) = (size as f32, size as f32 - 1.0);
        match self {
            Self::Constant | Self::Nearest => at,
            _ if size == 1 => 0.0,
            Self::Reflect => {
                let period = 2.0 * len;
                match at - period * libm::truncf(at / period) {
                    at if at < -len => at + period,
                    at if at < 0.0 => -at - 1.0,
                    at if at >= len => period - at - 1.0,
                    at => at,
                }
            }
            Self::Wrap if at < 0.0 => at + len * (libm::truncf(-at / last) + 1.0),
            Self::Wrap => at - len * libm::truncf(at / last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;
    use core::f32::consts::FRAC_PI_2;

    #[test]
    fn gradients_match_finite_differences() {
        let rotation = RandomRotation::new([5, 3, 2], -0.4, 0.4);
        for mode in [
            FillMode::Reflect,
            FillMode::Constant,
            FillMode::Wrap,
            FillMode::Nearest,
        ] {
            check_operation::<(), _>(&rotation.fill_mode(mode).fill_value(0.5), 30, 30, 1).unwrap();
        }
        let nearest = rotation.interpolation(Interpolation::Nearest);
        check_operation::<(), _>(&nearest, 30, 30, 1).unwrap();
        check_operation::<(), _>(&RandomRotation::new([1, 1, 3], 0.1, 0.4), 3, 3, 1).unwrap();
    }

    #[test]
    fn a_quarter_turn_is_exact_and_counterclockwise() {
        #[rustfmt::skip]
        let x = [
            1.0, 2.0, 3.0,
            4.0, 5.0, 6.0,
            7.0, 8.0, 9.0,
        ];
        #[rustfmt::skip]
        let turned = [
            3.0, 6.0, 9.0,
            2.0, 5.0, 8.0,
            1.0, 4.0, 7.0,
        ];
        let rotation = RandomRotation::new([3, 3, 1], 0.0, 0.0);
        let mut y = [f32::NAN; 9];
        let nearest = rotation.interpolation(Interpolation::Nearest);
        nearest.rotate(FRAC_PI_2, &x, &mut y);
        assert_eq!(y, turned);
        // The cosine of a quarter turn is -4e-8, which is a weight of that of a neighbour.
        rotation.rotate(FRAC_PI_2, &x, &mut y);
        assert!(
            y.iter().zip(turned).all(|(y, x)| (y - x).abs() < 2e-6),
            "{y:?}"
        );
    }

    #[test]
    fn angles_are_spread_over_the_range() {
        use crate::rng::{Seed, Step};
        let step = Step::new(Seed(1), 0);
        let (mut y, mut saved) = (vec![0.0; 1000], vec![f32::NAN; 1000]);
        let rotation = RandomRotation::new([1, 1, 1], -0.1, 0.3);
        rotation.forward_training(&(), &[2.0; 1000], &mut y, (), &mut saved, step.layer(0));
        let turns = saved.iter().map(|angle| angle / TAU);
        let (low, high) = turns.fold((1.0f32, -1.0f32), |(low, high), turn| {
            (low.min(turn), high.max(turn))
        });
        assert!((-0.1..-0.097).contains(&low), "{low}");
        assert!((0.297..0.3001).contains(&high), "{high}");
    }

    #[test]
    fn inference_copies() {
        let mut y = [f32::NAN; 2];
        RandomRotation::new([1, 2, 1], 0.5, 0.5).forward(&(), &[1.0, 2.0], &mut y, ());
        assert_eq!(y, [1.0, 2.0]);
    }

    #[test]
    fn around_an_image_lies_what_the_mode_says() {
        let read =
            |mode: FillMode| [-3.0, -2.0, -1.0, 0.0, 3.0, 4.0, 5.0].map(|at| mode.inside(at, 4));
        assert_eq!(read(FillMode::Reflect), [2.0, 1.0, 0.0, 0.0, 3.0, 3.0, 2.0]);
        assert_eq!(read(FillMode::Nearest), [0.0, 0.0, 0.0, 0.0, 3.0, 3.0, 3.0]);
        // At three pixels from an edge TensorFlow wraps once too often, and is cut back.
        assert_eq!(read(FillMode::Wrap), [3.0, 2.0, 3.0, 0.0, 3.0, 0.0, 1.0]);
        assert_eq!(
            read(FillMode::Constant),
            [-3.0, -2.0, -1.0, 0.0, 3.0, 4.0, 5.0]
        );
    }
}
