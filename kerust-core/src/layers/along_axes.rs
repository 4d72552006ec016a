//! Normalizations along axes, with a scale and a shift.

use crate::init::Initializer;
use crate::kernels::{AxesNorm, Groups, Norm};
use crate::layer::{LayerData, Layout, weights};
use crate::rng::Rng;
use crate::shape::Shape;

weights! {
    /// The numbers of a normalization along axes, in Keras's order; `G` and `B` are arrays of the sizes of these
    /// axes, or `[f32; 0]` without a scale or a centre.
    pub struct ScaleAndShift<G, B> {
        /// What each place is scaled by.
        pub gamma: G,
        /// What is added at each place.
        pub beta: B,
    }
}

/// The numbers of a normalization: what it scales by and what it adds; empty where there is nothing.
pub(super) trait Numbers {
    fn parts(&self) -> [&[f32]; 2];
    fn parts_mut(&mut self) -> [&mut [f32]; 2];
    fn layouts() -> [Layout; 2];
}

const NOTHING: Layout = Layout::Parts(&[]);

impl Numbers for () {
    fn parts(&self) -> [&[f32]; 2] {
        [&[], &[]]
    }

    fn parts_mut(&mut self) -> [&mut [f32]; 2] {
        [&mut [], &mut []]
    }

    fn layouts() -> [Layout; 2] {
        [NOTHING; 2]
    }
}

impl<G: LayerData, B: LayerData> Numbers for ScaleAndShift<G, B> {
    fn parts(&self) -> [&[f32]; 2] {
        [self.gamma.as_slice(), self.beta.as_slice()]
    }

    fn parts_mut(&mut self) -> [&mut [f32]; 2] {
        [self.gamma.as_mut_slice(), self.beta.as_mut_slice()]
    }

    fn layouts() -> [Layout; 2] {
        [G::LAYOUT, B::LAYOUT]
    }
}

impl<A: LayerData> Numbers for super::RMSNormalizationWeights<A> {
    fn parts(&self) -> [&[f32]; 2] {
        [self.scale.as_slice(), &[]]
    }

    fn parts_mut(&mut self) -> [&mut [f32]; 2] {
        [self.scale.as_mut_slice(), &mut []]
    }

    fn layouts() -> [Layout; 2] {
        [A::LAYOUT, NOTHING]
    }
}

/// What such a layer is: the normalization, and how its numbers begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct AlongAxes {
    pub(super) norm: AxesNorm,
    /// Of the scale and of the shift.
    pub(super) initializers: [Initializer; 2],
}

impl AlongAxes {
    pub(super) const fn new(groups: Groups, norm: Norm, epsilon: f32) -> Self {
        Self {
            norm: AxesNorm {
                groups,
                norm,
                epsilon,
            },
            initializers: [Initializer::ONES, Initializer::ZEROS],
        }
    }

    /// Along the last axis, of `features` places.
    pub(super) const fn last(features: usize, norm: Norm, epsilon: f32) -> Self {
        Self::new(Groups::along(Shape::new(&[features]), &[0]), norm, epsilon)
    }

    /// Fills fresh numbers.
    pub(super) fn init<W: Numbers>(&self, weights: &mut W, rng: &mut Rng) {
        let parts = weights.parts_mut().into_iter().zip(W::layouts());
        for ((values, layout), initializer) in parts.zip(self.initializers) {
            if let Layout::Tensor(_, sizes) = layout {
                initializer.fill(values, sizes, rng);
            }
        }
    }
}

/// Implements a layer whose field `along` is [`AlongAxes`], with these weights.
macro_rules! along_axes {
    ($layer:ident, <$($array:ident),*> $weights:ty) => {
        impl<$($array: $crate::layer::LayerData),*> $crate::layer::Forward<$weights> for $layer {
            fn forward(&self, weights: &$weights, x: &[f32], y: &mut [f32], (): ()) {
                let numbers = $crate::layers::along_axes::Numbers::parts(weights);
                self.along.norm.forward(x, numbers, y);
            }
        }

        impl<$($array: $crate::layer::LayerData),*> $crate::layer::InPlace<$weights> for $layer {
            fn forward_in_place(&self, weights: &$weights, y: &mut [f32], (): (), (): ()) {
                let numbers = $crate::layers::along_axes::Numbers::parts(weights);
                self.along.norm.forward_in_place(numbers, y);
            }
        }

        impl<$($array: $crate::layer::LayerData),*> $crate::layer::Operation<$weights> for $layer {
            fn init(&self, weights: &mut $weights, rng: &mut $crate::rng::Rng) {
                self.along.init(weights, rng);
            }

            fn backward(
                &self,
                weights: &$weights,
                pass: $crate::layer::Pass<'_>,
                gradient: $crate::gradient::Gradient<'_>,
            ) {
                use $crate::layers::along_axes::Numbers;
                let norm = self.along.norm;
                if let Some(gradient) = gradient.of::<$weights>() {
                    let gradients = gradient.parts_mut();
                    norm.weight_gradient(pass.x, pass.dy, gradients, pass.accumulate);
                }
                if let Some(dx) = pass.dx {
                    let [scale, _] = weights.parts();
                    norm.input_gradient(pass.x, scale, pass.dy, dx);
                }
            }
        }
    };
}

pub(super) use along_axes;
