//! `Dense`.

use super::dot::{BLOCK, add_products, store};
use super::{Filters, Output, from, wide};
use crate::kernels::vectorized;

/// `y = x · weights + bias` for each row of `x`, where the weights of one output lie side by side.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// Values of an input row.
    pub inputs: usize,
    /// Values of an output row.
    pub outputs: usize,
    /// The output's zero point and range.
    pub output: Output,
}

impl Dense {
    /// Computes every row that there is.
    pub fn forward(&self, x: &[i8], filters: Filters<'_>, y: &mut [i8]) {
        check!(
            filters.fit(self.outputs, self.inputs),
            "weights of these sizes"
        );
        check!(
            x.len() * self.outputs == y.len() * self.inputs,
            "as many output rows as input rows"
        );
        if wide::dense(self, x, filters, y) {
            return;
        }
        vectorized(
            #[inline(always)]
            || {
                let mut x = x.chunks_exact(self.inputs.max(1));
                for y in y.chunks_exact_mut(self.outputs.max(1)) {
                    self.row(x.next().unwrap_or_default(), filters, y);
                }
            },
        );
    }

    #[inline(always)]
    fn row(&self, x: &[i8], filters: Filters<'_>, y: &mut [i8]) {
        let mut first = 0;
        while first + BLOCK <= self.outputs {
            self.block::<BLOCK>(x, filters, first, y);
            first += BLOCK;
        }
        while first < self.outputs {
            self.block::<1>(x, filters, first, y);
            first += 1;
        }
    }

    /// `N` outputs of a row.
    #[inline(always)]
    fn block<const N: usize>(&self, x: &[i8], filters: Filters<'_>, first: usize, y: &mut [i8]) {
        let Some(sums) = from(filters.bias, first).first_chunk::<N>() else {
            return;
        };
        let mut sums = *sums;
        let weights = core::array::from_fn(|k| from(filters.weights, (first + k) * self.inputs));
        add_products(x, weights, &mut sums);
        let y = y.get_mut(first..).unwrap_or_default();
        store(&sums, from(filters.multipliers, first), self.output, y);
    }
}
