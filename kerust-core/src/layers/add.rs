//! Add layer.
//!
//! `y = a + b + ..`

use crate::kernels;
use crate::layer::Merge;

/// The sum of its inputs: `Add(a, b, ..)`.
#[derive(Clone, Copy, Debug)]
pub struct Add;

impl Add {
    /// A sum.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self
    }
}

impl Merge for Add {
    fn forward(&self, x: &[&[f32]], y: &mut [f32]) {
        y.copy_from_slice(x[0]);
        for part in &x[1..] {
            kernels::sum_into(y, part);
        }
    }

    fn backward(&self, _x: &[&[f32]], _y: &[f32], dy: &mut [f32], dx: &mut [Option<&mut [f32]>]) {
        for dx in dx.iter_mut().flatten() {
            dx.copy_from_slice(dy);
        }
    }
}
