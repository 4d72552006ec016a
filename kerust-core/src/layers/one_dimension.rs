//! Layers of one dimension as those of two: a sequence of (steps, features) is an image one row high.

/// Implements a layer without weights, a struct of one field: the layer over images.
macro_rules! one_row {
    ($layer:ident) => {
        impl $crate::layer::Forward<()> for $layer {
            fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
                self.0.forward(&(), x, y, ());
            }
        }

        impl $crate::layer::Operation<()> for $layer {
            fn backward(
                &self,
                (): &(),
                pass: $crate::layer::Pass<'_>,
                gradient: $crate::gradient::Gradient<'_>,
            ) {
                self.0.backward(&(), pass, gradient);
            }
        }
    };
}

/// Implements a layer with weights, a struct of one field: the layer over images, whose weights are the same
/// numbers in the same order.
macro_rules! one_row_of {
    ($layer:ident, <$($size:ident),+>, $weights:ty => $of_image:ty, $saved:ty) => {
        impl<$(const $size: usize),+> $crate::layer::Forward<$weights> for $layer {
            fn forward(&self, weights: &$weights, x: &[f32], y: &mut [f32], (): ()) {
                if let Some(weights) = <$of_image>::from_slice(weights.as_slice()) {
                    self.0.forward(weights, x, y, ());
                }
            }
        }

        impl<$(const $size: usize),+>
            $crate::layer::Operation<$weights, f32, f32, (), $saved> for $layer
        {
            fn init(&self, weights: &mut $weights, rng: &mut $crate::rng::Rng) {
                if let Some(weights) = <$of_image>::from_mut_slice(weights.as_mut_slice()) {
                    self.0.init(weights, rng);
                }
            }

            fn forward_training(
                &self,
                weights: &$weights,
                x: &[f32],
                y: &mut [f32],
                (): (),
                saved: <$saved as $crate::element::Elements>::SlicesMut<'_>,
                step: $crate::rng::LayerStep<'_>,
            ) {
                if let Some(weights) = <$of_image>::from_slice(weights.as_slice()) {
                    self.0.forward_training(weights, x, y, (), saved, step);
                }
            }

            fn backward(
                &self,
                weights: &$weights,
                pass: $crate::layer::Pass<'_, f32, f32, $saved>,
                gradient: $crate::gradient::Gradient<'_>,
            ) {
                if let Some(weights) = <$of_image>::from_slice(weights.as_slice()) {
                    self.0.backward(weights, pass, gradient);
                }
            }
        }
    };
}

pub(super) use {one_row, one_row_of};
