//! Windows of a time series.

use super::array::{Array, ArrayFault, Number, Sizes};
use super::tensor::Window;
use super::{DataError, Dataset, TensorColumn};
use crate::error::Result;
use crate::shape;
use crate::tensor::StaticShape;
use std::sync::Arc;

impl<X: StaticShape, Y: StaticShape> Dataset<X, Y> {
    /// Creates a data set of all windows of a time series: each input is `steps` consecutive steps, and its
    /// label the values that follow. `horizon` is the number of steps from the last step of the window to the
    /// first step of the label: 1 is the next step.
    ///
    /// The series is an array whose first axis is time: `[f32]`, `[[f32; FEATURES]]`, or a matrix of nalgebra
    /// with a row for each step. An input is `Rank2<STEPS, FEATURES>`, or `Rank1<STEPS>` for a series without
    /// features. A label is `Rank1<FEATURES>` for one step, or `Rank2<N, FEATURES>` for `N` steps. For labels
    /// with fewer features use [`map_labels`](Self::map_labels), which does not copy the windows.
    ///
    /// ```
    /// use kerust::data::Dataset;
    /// use kerust::tensor::{Rank1, Rank2};
    ///
    /// # fn main() -> kerust::Result<()> {
    /// let series: Vec<f32> = (0..100).map(|t| (0.1 * t as f32).sin()).collect();
    /// let data: Dataset<Rank2<24, 1>, Rank1<1>> = Dataset::windows(&series, 24, 1)?;
    /// assert_eq!(data.len(), 76);
    /// assert_eq!(data.label(0)[0], series[24]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the shape differs from that of the samples, `steps` is not the length of an input,
    /// `horizon` is 0, or the series is too short for one window.
    ///
    /// # Memory
    /// The series is copied once, even if windows overlap.
    pub fn windows(series: &(impl Array + ?Sized), steps: usize, horizon: usize) -> Result<Self> {
        let fail = |fault| DataError::Array {
            what: "the series",
            fault,
        };
        let (mut sizes, mut values) = (Sizes::default(), Vec::new());
        series.read(0, &mut sizes, &mut values).map_err(fail)?;
        let sizes = sizes.found();
        let (len, row) = match &*sizes {
            [] => (1, 1),
            [len, row @ ..] => (*len, row.iter().product::<usize>()),
        };
        let fills = |of: shape::Shape, steps: usize| {
            steps.checked_mul(row) == Some(of.len()) && (of.rank() == 1 || of.dim(0) == steps)
        };
        let misfit = |what, steps, of: shape::Shape| {
            let expected = of.dims().to_vec();
            fail(ArrayFault::Window {
                what,
                steps,
                row,
                expected,
            })
        };
        if !fills(X::SHAPE, steps) {
            return Err(misfit("an input", steps, X::SHAPE).into());
        }
        let of_label = Y::LEN / row.max(1);
        let is_one_step = of_label == 1 && Y::LEN == row;
        if !(is_one_step || fills(Y::SHAPE, of_label)) {
            return Err(misfit("a label", of_label.max(1), Y::SHAPE).into());
        }
        if horizon == 0 {
            return Err(fail(ArrayFault::Horizon).into());
        }
        let expected = steps + horizon - 1 + of_label;
        if len < expected {
            return Err(fail(ArrayFault::Short {
                found: len,
                expected,
            })
            .into());
        }
        let series: Arc<[f32]> = values.iter().map(|value| value.to_f64() as f32).collect();
        let count = len - expected + 1;
        let window = |start: usize| {
            TensorColumn::Window(Window {
                series: Arc::clone(&series),
                start: start * row,
                stride: row,
                count,
            })
        };
        let (inputs, labels) = (window(0), window(steps + horizon - 1));
        Ok(Self::from_columns(inputs, labels, count, Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::tensor::{Rank1, Rank2, Tensor};

    fn series(steps: usize) -> Vec<[f32; 2]> {
        (0..steps).map(|t| [t as f32, -(t as f32)]).collect()
    }

    #[test]
    fn windows_overlap_in_one_copy_of_the_series() {
        let data = Dataset::<Rank2<3, 2>, Rank1<2>>::windows(&series(17), 3, 1).unwrap();
        assert_eq!(data.len(), 14);
        assert_eq!(
            *data.input(13).as_array(),
            [[13.0, -13.0], [14.0, -14.0], [15.0, -15.0]]
        );
        assert_eq!(data.label(13).as_slice(), [16.0, -16.0]);
        // In any order, also within a batch.
        let mixed = data.shuffle(Seed(1));
        for (x, y) in mixed.iter() {
            assert_eq!(x[[2, 0]] + 1.0, y[0]);
        }
        let first = data.map_labels(|y: Tensor<Rank1<2>>| Tensor::from([y[0]]));
        assert_eq!(first.label(5).as_slice(), [8.0]);
    }

    #[test]
    fn a_horizon_looks_further_and_a_label_may_be_several_steps() {
        let data = Dataset::<Rank2<3, 2>, Rank2<2, 2>>::windows(&series(8), 3, 2).unwrap();
        assert_eq!(data.len(), 3);
        assert_eq!(*data.label(0).as_array(), [[4.0, -4.0], [5.0, -5.0]]);
        let plain: Vec<u8> = (0..9).collect();
        let data = Dataset::<Rank1<8>, Rank1<1>>::windows(&plain, 8, 1).unwrap();
        assert_eq!((data.len(), data.label(0)[0]), (1, 8.0));
    }

    #[test]
    fn joined_windows_are_copied() {
        let [a, b] = [4, 5]
            .map(|steps| Dataset::<Rank2<3, 2>, Rank1<2>>::windows(&series(steps), 3, 1).unwrap());
        let both = a.concat(&b);
        assert_eq!(both.len(), 3);
        assert_eq!(
            *both.input(2).as_array(),
            [[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]]
        );
    }

    #[test]
    fn mismatches_are_reported() {
        let fault =
            |outcome: Result<Dataset<Rank2<3, 2>, Rank1<2>>>| outcome.unwrap_err().to_string();
        assert_eq!(
            fault(Dataset::windows(&series(9), 4, 1)),
            "the series has 2 values for each step: 4 steps do not fill an input of the shape (3, 2)"
        );
        assert_eq!(
            fault(Dataset::windows(&[0.0; 9], 3, 1)),
            "the series has 1 value for each step: 3 steps do not fill an input of the shape (3, 2)"
        );
        assert_eq!(
            fault(Dataset::windows(&series(3), 3, 1)),
            "the series has 3 steps, expected at least 4: one window and its label"
        );
        assert_eq!(
            fault(Dataset::windows(&series(9), 3, 0)),
            "the series has a horizon of 0 steps, expected at least 1: the next step"
        );
        let ragged = vec![vec![1.0, 2.0], vec![3.0]];
        assert_eq!(
            fault(Dataset::windows(&ragged, 3, 1)),
            "the series is ragged: found 1 values at `[1]`, expected 2 as at `[0]`"
        );
    }
}
