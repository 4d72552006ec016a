//! Layers without weights that compute value by value.

/// Implements such a layer by its methods `value(x)` and `slope(x)`.
macro_rules! elementwise {
    ($layer:ident) => {
        impl $crate::layer::Forward<()> for $layer {
            fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
                let this = *self;
                $crate::kernels::map(x, y, move |x| this.value(x));
            }
        }

        impl $crate::layer::Operation<()> for $layer {
            fn backward(
                &self,
                (): &(),
                pass: $crate::layer::Pass<'_>,
                _: $crate::gradient::Gradient<'_>,
            ) {
                let this = *self;
                if let Some(dx) = pass.dx {
                    $crate::kernels::combine(pass.x, pass.dy, dx, move |x, dy| dy * this.slope(x));
                }
            }
        }

        impl $crate::layer::InPlace<()> for $layer {
            fn forward_in_place(&self, (): &(), y: &mut [f32], (): (), (): ()) {
                let this = *self;
                $crate::kernels::map_in_place(y, move |y| this.value(y));
            }
        }
    };
}

pub(super) use elementwise;
