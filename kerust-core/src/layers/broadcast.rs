//! Arrays that are shared along some axes of a sample.

use crate::shape::{MAX_RANK, Shape};

/// A sample beside an array of as many axes, whose size is 1 along those that are shared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broadcast {
    sizes: [usize; MAX_RANK],
    /// How far apart neighbours along each axis stand in the array.
    strides: [usize; MAX_RANK],
}

impl Broadcast {
    /// Samples of the shape `sample`, whose axes `shared` are shared.
    ///
    /// # Panics
    /// When the sample has no such axis.
    pub(super) const fn new(sample: Shape, shared: &[usize]) -> Self {
        let mut sizes = [1; MAX_RANK];
        let mut strides = [0; MAX_RANK];
        // Leading axes of size 1 make every rank the greatest.
        let lead = MAX_RANK - sample.rank();
        let mut axis = 0;
        while axis < shared.len() {
            assert!(shared[axis] < sample.rank(), "the sample has no such axis");
            axis += 1;
        }
        let (mut axis, mut stride) = (sample.rank(), 1);
        while axis > 0 {
            axis -= 1;
            sizes[lead + axis] = sample.dim(axis);
            if !contains(shared, axis) {
                strides[lead + axis] = stride;
                stride *= sample.dim(axis);
            }
        }
        Self { sizes, strides }
    }

    /// Values of a sample.
    pub(super) const fn len(&self) -> usize {
        self.sizes[0] * self.sizes[1] * self.sizes[2] * self.sizes[3]
    }

    /// Values of the array.
    pub(super) const fn array_len(&self) -> usize {
        let (mut len, mut axis) = (1, 0);
        while axis < MAX_RANK {
            if self.strides[axis] > 0 {
                len *= self.sizes[axis];
            }
            axis += 1;
        }
        len
    }

    /// Values of a row, which stand side by side in the sample.
    pub(super) const fn row_len(&self) -> usize {
        self.sizes[MAX_RANK - 1]
    }

    /// Calls `each` with every row of a sample, its number, and what belongs to it in the array: a value for
    /// each, or one for all.
    pub(super) fn rows<'a>(
        &self,
        sample: &mut [f32],
        array: &'a [f32],
        mut each: impl FnMut(usize, &mut [f32], &'a [f32]),
    ) {
        let rows = sample.chunks_exact_mut(self.row_len().max(1));
        for (number, row) in rows.enumerate() {
            let place = self.place(number);
            if let Some(values) = array.get(place..place + self.width()) {
                each(number, row, values);
            }
        }
    }

    /// Where what belongs to a row begins in the array.
    pub(super) fn place(&self, row: usize) -> usize {
        let [_, b, c, _] = self.sizes.map(|size| size.max(1));
        let [s, t, u, _] = self.strides;
        row / (b * c) * s + row / c % b * t + row % c * u
    }

    /// How many values of the array belong to a row.
    pub(super) const fn width(&self) -> usize {
        match self.strides[MAX_RANK - 1] {
            0 => 1,
            _ => self.row_len(),
        }
    }
}

const fn contains(axes: &[usize], wanted: usize) -> bool {
    let mut place = 0;
    while place < axes.len() {
        if axes[place] == wanted {
            return true;
        }
        place += 1;
    }
    false
}

/// `y = function(y, value)` along a row, with a value for each or one for all.
pub(super) fn along(row: &mut [f32], values: &[f32], function: impl Fn(f32, f32) -> f32) {
    match values {
        [value] => row.iter_mut().for_each(|y| *y = function(*y, *value)),
        values => {
            let pairs = row.iter_mut().zip(values);
            pairs.for_each(|(y, value)| *y = function(*y, *value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(shape: &[usize], shared: &[usize], array: &[f32]) -> Vec<f32> {
        let broadcast = Broadcast::new(Shape::new(shape), shared);
        let mut sample = vec![0.0; broadcast.len()];
        broadcast.rows(&mut sample, array, |_, row, values| {
            along(row, values, |_, value| value);
        });
        sample
    }

    #[test]
    fn each_value_meets_its_own_in_the_array() {
        let all: Vec<f32> = (0..12).map(|i| i as f32).collect();
        assert_eq!(places(&[2, 3, 2], &[], &all), all);
        assert_eq!(
            places(&[2, 2, 3], &[0, 1], &[1.0, 2.0, 3.0]),
            [1.0, 2.0, 3.0].repeat(4)
        );
        assert_eq!(
            places(&[2, 3], &[1], &[1.0, 2.0]),
            [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
        );
        assert_eq!(
            places(&[2, 2, 2, 1], &[1], &[1.0, 2.0, 3.0, 4.0]),
            [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0]
        );
        assert_eq!(places(&[3], &[0], &[7.0]), [7.0; 3]);
    }
}
