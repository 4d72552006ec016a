//! Images read at the places that an affine map gives.

use super::image::{Neighbours, Resample};
use super::{FillMode, Interpolation};

/// How images are read at other places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub(super) sizes: [usize; 3],
    pub(super) fill_mode: FillMode,
    pub(super) fill_value: f32,
    pub(super) interpolation: Interpolation,
}

impl Affine {
    /// Images of `[height, width, channels]`: bilinear, reflected at the edges, as by Keras.
    pub(super) const fn new(sizes: [usize; 3]) -> Self {
        Self {
            sizes,
            fill_mode: FillMode::Reflect,
            fill_value: 0.0,
            interpolation: Interpolation::Bilinear,
        }
    }

    /// Values of an image.
    pub(super) fn len(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Pixel `(x, y)` of the output lies in the input at `a·x + b` and `c·y + d`, for the map
    /// `[[a, b], [c, d]]`.
    pub(super) fn resample(
        &self,
        [[a, b], [c, d]]: [[f32; 2]; 2],
    ) -> Resample<impl Fn(usize, usize) -> [Neighbours; 2]> {
        let Self {
            sizes: [height, width, _],
            fill_mode,
            interpolation,
            ..
        } = *self;
        let axis =
            move |at, size| Neighbours::around(fill_mode.inside(at, size), size, interpolation);
        Resample {
            input: self.sizes,
            output: [height, width],
            fill_value: self.fill_value,
            neighbours: move |row, column| {
                [
                    axis(c * row as f32 + d, height),
                    axis(a * column as f32 + b, width),
                ]
            },
        }
    }
}

/// Two numbers in ascending order, as Keras takes the ends of a range.
pub(super) const fn sorted([a, b]: [f32; 2]) -> [f32; 2] {
    if a > b { [b, a] } else { [a, b] }
}

/// Implements a layer that moves images by two numbers drawn for each, with `affine: Affine`, `ranges`, the ends of
/// both, and `map(drawn)`.
macro_rules! moves {
    ($layer:ident) => {
        impl $layer {
            /// Sets what lies around an image.
            pub const fn fill_mode(mut self, fill_mode: $crate::layers::FillMode) -> Self {
                self.affine.fill_mode = fill_mode;
                self
            }

            /// Sets the value around an image, for a constant fill mode.
            pub const fn fill_value(mut self, fill_value: f32) -> Self {
                self.affine.fill_value = fill_value;
                self
            }

            /// Sets how a value between pixels is read.
            pub const fn interpolation(
                mut self,
                interpolation: $crate::layers::Interpolation,
            ) -> Self {
                self.affine.interpolation = interpolation;
                self
            }
        }

        impl $crate::layer::Forward<()> for $layer {
            fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
                y.copy_from_slice(x);
            }
        }

        impl $crate::layer::Operation<(), f32, f32, (), f32> for $layer {
            fn forward_training(
                &self,
                (): &(),
                x: &[f32],
                y: &mut [f32],
                (): (),
                saved: &mut [f32],
                step: $crate::rng::LayerStep<'_>,
            ) {
                if step.is_inference() {
                    return $crate::layer::Forward::forward(self, &(), x, y, ());
                }
                let (mut rng, len) = (step.rng(saved.len()), self.affine.len());
                let images = x.chunks_exact(len).zip(y.chunks_exact_mut(len));
                for ((x, y), drawn) in images.zip(saved.as_chunks_mut().0) {
                    *drawn = self.ranges.map(|[lower, upper]| {
                        lower + (upper - lower) * rand::RngExt::random::<f32>(&mut rng)
                    });
                    self.affine.resample(self.map(*drawn)).forward(x, y);
                }
            }

            fn backward(
                &self,
                (): &(),
                pass: $crate::layer::Pass<'_, f32, f32, f32>,
                _: $crate::gradient::Gradient<'_>,
            ) {
                let Some(dx) = pass.dx else { return };
                let len = self.affine.len();
                let images = dx.chunks_exact_mut(len).zip(pass.dy.chunks_exact(len));
                for ((dx, dy), drawn) in images.zip(pass.saved.as_chunks().0) {
                    self.affine.resample(self.map(*drawn)).backward(dy, dx);
                }
            }
        }
    };
}

pub(super) use moves;
