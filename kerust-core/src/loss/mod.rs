//! Stand-in until the losses are merged.
#![allow(missing_docs)]

mod objective;

pub use objective::{Objective, objective};

use crate::activation::{Sigmoid, Softmax};
use crate::data::{Binary, Class, Data};
use crate::model::{Head, HeadPass, Heads};
use crate::tensor::Rank1;

pub trait Loss<H: Heads>: Send + 'static {
    type Label: Data;
    /// Writes the gradient of the batch's mean; returns the mean, and how many are right.
    fn judge(
        &mut self,
        pass: Option<H::Pass<'_>>,
        outputs: H::Slices<'_>,
        labels: <Self::Label as Data>::Slices<'_>,
    ) -> (f64, usize, usize);
}

pub struct BinaryCrossentropy;

impl Loss<Head<Sigmoid, Rank1<1>>> for BinaryCrossentropy {
    type Label = Binary;
    fn judge(
        &mut self,
        pass: Option<HeadPass<'_>>,
        outputs: &[f32],
        labels: &[f32],
    ) -> (f64, usize, usize) {
        let (mut loss, mut right, count) = (0.0, 0, labels.len());
        for (p, y) in outputs.iter().zip(labels) {
            let p = p.clamp(1e-7, 1.0 - 1e-7);
            loss -= f64::from(y * p.ln() + (1.0 - y) * (1.0 - p).ln());
            right += usize::from((p > 0.5) == (*y > 0.5));
        }
        if let Some(pass) = pass {
            for (d, (p, y)) in pass.gradient.iter_mut().zip(outputs.iter().zip(labels)) {
                *d = (p - y) / count as f32;
            }
        }
        (loss / count as f64, right, count)
    }
}

pub struct SparseCategoricalCrossentropy;

impl<const N: usize> Loss<Head<Softmax, Rank1<N>>> for SparseCategoricalCrossentropy {
    type Label = Class<N>;
    fn judge(
        &mut self,
        pass: Option<HeadPass<'_>>,
        outputs: &[f32],
        labels: &[u32],
    ) -> (f64, usize, usize) {
        let (mut loss, mut right, count) = (0.0, 0, labels.len());
        for (p, y) in outputs.chunks(N).zip(labels) {
            let y = *y as usize;
            loss -= f64::from(p[y].max(1e-7).ln());
            right += usize::from(p.iter().all(|q| *q <= p[y]));
        }
        if let Some(pass) = pass {
            for ((d, p), y) in pass
                .gradient
                .chunks_mut(N)
                .zip(outputs.chunks(N))
                .zip(labels)
            {
                for i in 0..N {
                    d[i] = (p[i] - f32::from(u8::from(i == *y as usize))) / count as f32;
                }
            }
        }
        (loss / count as f64, right, count)
    }
}
