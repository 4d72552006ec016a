//! Concatenate layer.
//!
//! `y = [a, b, ..]` along one axis.

use crate::layer::Merge;

/// Its inputs side by side: `Concatenate(a, b, .., axis)`.
#[derive(Clone, Copy, Debug)]
pub struct Concatenate<const N: usize> {
    runs: [usize; N],
}

impl<const N: usize> Concatenate<N> {
    /// Joins the contiguous run of each input along the axis: its size there times everything
    /// behind it.
    pub const fn new(runs: [usize; N]) -> Self {
        Self { runs }
    }
}

impl<const N: usize> Merge for Concatenate<N> {
    fn forward(&self, x: &[&[f32]], y: &mut [f32]) {
        let total: usize = self.runs.iter().sum();
        for (row, y) in y.chunks_exact_mut(total).enumerate() {
            let mut from = 0;
            for (x, run) in x.iter().zip(self.runs) {
                y[from..from + run].copy_from_slice(&x[row * run..(row + 1) * run]);
                from += run;
            }
        }
    }

    fn backward(&self, _x: &[&[f32]], _y: &[f32], dy: &mut [f32], dx: &mut [Option<&mut [f32]>]) {
        let total: usize = self.runs.iter().sum();
        for (row, dy) in dy.chunks_exact(total).enumerate() {
            let mut from = 0;
            for (dx, run) in dx.iter_mut().zip(self.runs) {
                if let Some(dx) = dx {
                    dx[row * run..(row + 1) * run].copy_from_slice(&dy[from..from + run]);
                }
                from += run;
            }
        }
    }
}
