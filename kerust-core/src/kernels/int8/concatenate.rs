//! `Concatenate`.

use super::Table;

/// An input's place in what several inputs side by side make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// Values of the input that lie side by side: its size along the axis, times those behind it.
    pub run: usize,
    /// Values of the output before the first of them.
    pub offset: usize,
    /// Values of the output from one run to the next: the runs of all inputs.
    pub stride: usize,
}

impl Part {
    /// Puts an input in its place; `table` is the [`Rescale`](super::Rescale) of an input whose
    /// quantization is not the output's.
    pub fn place(&self, x: &[i8], table: Option<&Table>, y: &mut [i8]) {
        check!(
            x.len() * self.stride == y.len() * self.run,
            "as many runs as the output has"
        );
        let runs = y.chunks_exact_mut(self.stride.max(1));
        for (y, x) in runs.zip(Runs(x, self.run)) {
            let y = y.get_mut(self.offset..).unwrap_or_default();
            for (y, x) in y.iter_mut().zip(x) {
                *y = match table {
                    Some(table) => table.value(*x),
                    None => *x,
                };
            }
        }
    }
}

/// The runs of a slice. (A `zip` of two `chunks_exact` would carry the panic of a division by 0.)
struct Runs<'a>(&'a [i8], usize);

impl<'a> Iterator for Runs<'a> {
    type Item = &'a [i8];

    fn next(&mut self) -> Option<&'a [i8]> {
        let (run, rest) = self.0.split_at_checked(self.1)?;
        self.0 = rest;
        Some(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::int8::{Quantization, Rescale};

    #[test]
    fn inputs_lie_side_by_side_in_the_outputs_quantization() {
        let [half, quarter] = [0.5, 0.25].map(|scale| Quantization {
            scale,
            zero_point: 0,
        });
        let table = Rescale::new(half, quarter).table();
        let mut y = [0; 9];
        let part = |run, offset| Part {
            run,
            offset,
            stride: 3,
        };
        part(1, 0).place(&[1, 2, 3], None, &mut y);
        part(2, 1).place(&[10, 20, 30, 40, 50, 100], Some(&table), &mut y);
        assert_eq!(y, [1, 20, 40, 2, 60, 80, 3, 100, 127]);
    }
}
