//! Custom initializers.

use crate::rng::Rng;

/// A custom initializer.
///
/// In `model!` it is named by its path, in place of a word:
///
/// ```
/// use kerust::init::Initialize;
/// use kerust::prelude::*;
/// use kerust::rng::Rng;
///
/// mod own {
///     /// Ascending values from 0, divided by a number.
///     pub struct Ramp(pub f32);
/// }
///
/// impl Initialize for own::Ramp {
///     fn fill(&self, values: &mut [f32], _sizes: &[usize], _rng: &mut Rng) {
///         for (place, value) in values.iter_mut().enumerate() {
///             *value = place as f32 / self.0;
///         }
///     }
/// }
///
/// model! { pub Net: Input(2) => Dense(2, kernel_initializer = own::Ramp(4.0)) }
/// assert_eq!(Net::new(Seed(1)).dense.kernel, [[0.0, 0.25], [0.5, 0.75]]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an initializer",
    label = "expected an initializer",
    note = "write a word such as `he_normal`, or implement `kerust::init::Initialize` for `{Self}`"
)]
pub trait Initialize: Sync {
    /// Fills `values`, a row-major array of the sizes `sizes`. In the kernel of a dense layer or of a convolution the
    /// last size is the number of outputs, and the one before it the number of inputs.
    fn fill(&self, values: &mut [f32], sizes: &[usize], rng: &mut Rng);
}

/// A reference to a custom initializer.
#[derive(Clone, Copy)]
pub struct Custom(pub &'static dyn Initialize);

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        // Two types without fields may have the same address, but they have different methods.
        core::ptr::eq(self.0, other.0)
    }
}

impl core::fmt::Debug for Custom {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Custom(..)")
    }
}
