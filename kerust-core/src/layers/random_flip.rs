//! RandomFlip layer.

use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;
use rand::RngExt;

/// Which ends change places.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Flip {
    /// Left and right.
    Horizontal,
    /// Top and bottom.
    Vertical,
    /// Both.
    #[default]
    HorizontalAndVertical,
}

/// Flips images at random in training.
///
/// In training each image is flipped with probability one half, else not. As by Keras, one draw
/// decides both directions of `HorizontalAndVertical`: an image stays or turns by half a turn.
///
/// # Arguments
/// - `mode = horizontal_and_vertical`: the direction, `horizontal`, `vertical` or `horizontal_and_vertical`.
///
/// # Shapes
/// input and output `[H][W][C]`; saves one value, 1 where the image is flipped, else 0
///
/// # Cost
/// a copy
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => RandomFlip(horizontal) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, (28 * 28 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomFlip {
    sizes: [usize; 3],
    mode: Flip,
}

impl RandomFlip {
    /// Images of `[height, width, channels]`.
    pub const fn new(sizes: [usize; 3], mode: Flip) -> Self {
        Self { sizes, mode }
    }

    /// Flips one image.
    pub fn flip(&self, x: &[f32], y: &mut [f32]) {
        let [height, width, channels] = self.sizes;
        let rows = || x.chunks_exact(width * channels);
        for (row, y) in y.chunks_exact_mut(width * channels).enumerate() {
            let source = match self.mode {
                Flip::Horizontal => row,
                Flip::Vertical | Flip::HorizontalAndVertical => height - 1 - row,
            };
            let Some(x) = rows().nth(source) else { return };
            if self.mode == Flip::Vertical {
                y.copy_from_slice(x);
                continue;
            }
            let pixels = y.chunks_exact_mut(channels);
            for (y, x) in pixels.zip(x.chunks_exact(channels).rev()) {
                y.copy_from_slice(x);
            }
        }
    }

    /// Flips the images whose value in `flips` is not 0; a flip is its own transpose.
    fn flip_some(&self, flips: &[f32], x: &[f32], y: &mut [f32]) {
        let len = self.sizes.iter().product();
        let images = x.chunks_exact(len).zip(y.chunks_exact_mut(len));
        for ((x, y), flip) in images.zip(flips) {
            if *flip == 0.0 {
                y.copy_from_slice(x);
            } else {
                self.flip(x, y);
            }
        }
    }
}

impl Forward<()> for RandomFlip {
    fn forward(&self, _weights: &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for RandomFlip {
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
        let mut rng = step.rng(saved.len());
        saved
            .iter_mut()
            .for_each(|flip| *flip = f32::from(u8::from(rng.random::<bool>())));
        self.flip_some(saved, x, y);
    }

    fn backward(&self, _weights: &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            self.flip_some(pass.saved, pass.dy, dx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    const MODES: [Flip; 3] = [
        Flip::Horizontal,
        Flip::Vertical,
        Flip::HorizontalAndVertical,
    ];

    #[test]
    fn gradients_match_finite_differences() {
        for mode in MODES {
            check_operation::<(), _>(&RandomFlip::new([3, 5, 2], mode), 30, 30, 1).unwrap();
        }
    }

    #[test]
    fn ends_change_places() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let flipped = |mode| {
            let mut y = [f32::NAN; 6];
            RandomFlip::new([2, 3, 1], mode).flip(&x, &mut y);
            y
        };
        assert_eq!(flipped(Flip::Horizontal), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
        assert_eq!(flipped(Flip::Vertical), [4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
        let both = flipped(Flip::HorizontalAndVertical);
        assert_eq!(both, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    }

    #[test]
    fn two_flips_give_the_image_back() {
        let x: Vec<f32> = (0..3 * 5 * 2).map(|i| i as f32).collect();
        for mode in MODES {
            let (mut once, mut twice) = (vec![f32::NAN; 30], vec![f32::NAN; 30]);
            let layer = RandomFlip::new([3, 5, 2], mode);
            layer.flip(&x, &mut once);
            layer.flip(&once, &mut twice);
            assert_eq!(twice, x);
            assert_ne!(once, x);
        }
    }

    #[test]
    fn half_of_the_images_are_flipped() {
        let step = Step::new(Seed(1), 0);
        let x: Vec<f32> = (0..2000).map(|i| (i % 2) as f32).collect();
        let (mut y, mut saved) = (vec![f32::NAN; 2000], vec![f32::NAN; 1000]);
        let layer = RandomFlip::new([1, 2, 1], Flip::Horizontal);
        layer.forward_training(&(), &x, &mut y, (), &mut saved, step.layer(0));
        let flipped = y.chunks(2).filter(|image| *image == [1.0, 0.0]).count();
        // Five standard errors.
        assert!((421..=579).contains(&flipped), "{flipped}");
        assert_eq!(flipped as f32, saved.iter().sum::<f32>());
    }
}
