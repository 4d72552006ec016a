//! Layers without weights that compute value by value.

/// Implements such a layer by its methods `value(x)` and `slope(x)`. In 8 bits it is a table; a layer with
/// 8-bit arithmetic of its own says which.
macro_rules! elementwise {
    ($layer:ident) => {
        $crate::layers::elementwise::elementwise! {
            $layer, |_| $crate::quantize::Int8Operation::Elementwise
        }
    };
    ($layer:ident, $int8:expr) => {
        $crate::layers::int8::tabulated!($layer);

        impl $crate::quantize::Int8Layer for $layer {
            fn operation(&self) -> $crate::quantize::Int8Operation<'_> {
                let operation: fn(&Self) -> $crate::quantize::Int8Operation<'_> = $int8;
                operation(self)
            }

            fn value(&self, x: f32) -> f32 {
                Self::value(*self, x)
            }
        }

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
