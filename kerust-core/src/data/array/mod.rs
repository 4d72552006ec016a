//! Data sets from arrays of numbers: [`Dataset::from_arrays`](super::Dataset::from_arrays).
//!
//! As in NumPy, the first axis of an array is the samples. An array is a slice, a `Vec`, an array or a
//! reference to one, nested for each axis of the sample; or a [`Tensor`], a matrix or vector of nalgebra
//! (each row of a matrix is a sample), or an [`npy::Array`].

mod fault;
mod kinds;
mod nested;

pub(crate) use fault::ArrayFault;
pub use kinds::Kind;
pub use nested::Sizes;

use super::{DataError, TensorColumn};
use crate::data::npy;
use crate::error::Result;
use crate::tensor::{StaticShape, Tensor};

/// A number in an array: any integer or float, a `bool`, or a label.
pub trait Number: Copy + Send + Sync + 'static {
    /// Converts to `f64`. The result is exact, except for integers beyond 2^53.
    fn to_f64(self) -> f64;

    /// Converts many numbers to a column. The error is a number that is too large, with its index.
    #[doc(hidden)]
    fn column(values: Vec<Self>) -> Result<TensorColumn, (usize, f64)> {
        let is_large = |value: f64| value.is_finite() && (value as f32).is_infinite();
        let numbers = || values.iter().map(|value| value.to_f64());
        match numbers().enumerate().find(|(_, value)| is_large(*value)) {
            Some(large) => Err(large),
            None => Ok(TensorColumn::Float(
                numbers().map(|value| value as f32).collect(),
            )),
        }
    }
}

/// An array of numbers: nested slices, `Vec`s or arrays, a matrix, a tensor, or a single number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an array of numbers",
    label = "expected an array of numbers",
    note = "`Dataset::from_arrays(&x, &y)` takes slices, `Vec`s and arrays of numbers, nested for each axis, matrices of nalgebra, tensors and `npy::Array`",
    note = "the first axis counts the samples; a tuple `(&a, &b)` is two inputs"
)]
pub trait Array {
    /// The type of the numbers.
    type Number: Number;

    /// Appends the numbers to `values`, row-major, and checks the sizes from `axis` on.
    #[doc(hidden)]
    fn read(
        &self,
        axis: usize,
        sizes: &mut Sizes,
        values: &mut Vec<Self::Number>,
    ) -> Result<(), ArrayFault>;

    /// Calls [`read`](Self::read) for each item of a list.
    #[doc(hidden)]
    fn read_all(
        list: &[Self],
        axis: usize,
        sizes: &mut Sizes,
        values: &mut Vec<Self::Number>,
    ) -> Result<(), ArrayFault>
    where
        Self: Sized,
    {
        for (place, item) in list.iter().enumerate() {
            sizes.at(axis, place);
            item.read(axis + 1, sizes, values)?;
        }
        Ok(())
    }
}

/// Arrays that hold samples of the kind `D`: an [`Array`], or a tuple of arrays for a tuple of kinds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold samples of `{D}`",
    label = "expected an array of numbers for `{D}`",
    note = "`Dataset::from_arrays(&x, &y)` takes slices, `Vec`s and arrays of numbers, nested for each axis, matrices of nalgebra, tensors and `npy::Array`",
    note = "the first axis counts the samples; a tuple `(&a, &b)` is two inputs"
)]
pub trait Arrays<D: super::Data> {
    /// The samples and their number.
    #[doc(hidden)]
    fn column(&self, what: &'static str) -> Result<(D::Column, usize)>;
}

impl<D: Kind, A: Array> Arrays<D> for A {
    fn column(&self, what: &'static str) -> Result<(D::Column, usize)> {
        let (mut sizes, mut values) = (Sizes::default(), Vec::new());
        let read = self.read(0, &mut sizes, &mut values);
        let read = read.and_then(|()| D::column(values, &sizes.found()));
        read.map_err(|fault| DataError::Array { what, fault }.into())
    }
}

/// Reads tuples of arrays, which must all hold the same number of samples.
macro_rules! tuples {
    ($(($($name:ident $kind:ident $place:tt),+))+) => {$(
        impl<$($kind: super::Data, $name: Arrays<$kind>),+> Arrays<($($kind,)+)> for ($(&$name,)+) {
            fn column(
                &self,
                what: &'static str,
            ) -> Result<(<($($kind,)+) as super::Data>::Column, usize)> {
                let mut count = None;
                let column = ($({
                    let (column, found) = self.$place.column(what)?;
                    let expected = *count.get_or_insert(found);
                    if found != expected {
                        let fault = ArrayFault::PartCounts { part: $place, found, expected };
                        return Err(DataError::Array { what, fault }.into());
                    }
                    column
                },)+);
                Ok((column, count.unwrap_or(0)))
            }
        }
    )+};
}
tuples! {
    (A X 0, B Y 1)
    (A X 0, B Y 1, C Z 2)
    (A X 0, B Y 1, C Z 2, D W 3)
}

impl<X: super::Data, Y: super::Data> super::Dataset<X, Y> {
    /// Creates a data set from arrays: one input for each label, with the samples along the first axis, as in
    /// Keras's `fit(x, y)`.
    ///
    /// Every type that implements [`Array`] can be used: slices, `Vec`s and arrays of numbers, matrices of
    /// nalgebra, tensors. As in Keras, a last axis of size 1 can be left out or added, and a flat slice holds
    /// one sample after the other. Class labels are integers. All labels are checked.
    ///
    /// ```
    /// use kerust::data::{Class, Dataset};
    /// use kerust::tensor::Rank1;
    ///
    /// # fn main() -> kerust::Result<()> {
    /// let lengths = vec![[5.1, 3.5, 1.4, 0.2], [7.0, 3.2, 4.7, 1.4]];
    /// let kinds: [usize; 2] = [0, 1];
    /// let data: Dataset<Rank1<4>, Class<3>> = Dataset::from_arrays(&lengths, &kinds)?;
    /// # assert_eq!(data.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the lists of an array have different lengths, the shape differs from that of the
    /// samples, a label is out of range, or the numbers of labels and inputs differ.
    ///
    /// # Memory
    /// The data are copied once. 8-bit numbers are stored as such, all others as `f32`.
    pub fn from_arrays(x: &impl Arrays<X>, y: &impl Arrays<Y>) -> Result<Self> {
        let (inputs, count) = x.column("the inputs")?;
        let (labels, found) = y.column("the labels")?;
        if found != count {
            return Err(DataError::ArrayCounts {
                inputs: count,
                labels: found,
            }
            .into());
        }
        Ok(Self::from_columns(inputs, labels, count, Vec::new()))
    }
}

/// Converts each class to a one-hot row: Keras's `to_categorical(labels, N)`.
///
/// ```
/// use kerust::data::to_categorical;
///
/// # fn main() -> kerust::Result<()> {
/// assert_eq!(to_categorical::<3>(&[2, 0])?, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Returns an error if a label is not an integer below `N`.
pub fn to_categorical<const N: usize>(
    labels: &impl Arrays<super::Class<N>>,
) -> Result<Vec<[f32; N]>> {
    let (classes, _) = labels.column("the labels")?;
    let row =
        |class: u32| std::array::from_fn(|place| f32::from(u8::from(place == class as usize)));
    Ok(classes.into_iter().map(row).collect())
}

impl<T: Number> Array for npy::Array<T> {
    type Number = T;

    fn read(&self, axis: usize, sizes: &mut Sizes, values: &mut Vec<T>) -> Result<(), ArrayFault> {
        sizes.take(axis, &self.shape)?;
        values.extend_from_slice(&self.values);
        Ok(())
    }
}

impl<S: StaticShape, T: crate::element::Element + Number> Array for Tensor<S, T> {
    type Number = T;

    fn read(&self, axis: usize, sizes: &mut Sizes, values: &mut Vec<T>) -> Result<(), ArrayFault> {
        sizes.take(axis, S::SHAPE.dims())?;
        values.extend_from_slice(self.as_slice());
        Ok(())
    }
}

impl<T, R, C, V> Array for nalgebra::Matrix<T, R, C, V>
where
    T: Number + nalgebra::Scalar,
    R: nalgebra::Dim,
    C: nalgebra::Dim,
    V: nalgebra::RawStorage<T, R, C>,
{
    type Number = T;

    /// A row or a column with only one dynamic dimension is a vector.
    fn read(&self, axis: usize, sizes: &mut Sizes, values: &mut Vec<T>) -> Result<(), ArrayFault> {
        let (rows, columns) = self.shape();
        match (R::try_to_usize(), C::try_to_usize()) {
            (_, Some(1)) => sizes.take(axis, &[rows])?,
            (Some(1), _) => sizes.take(axis, &[columns])?,
            _ => sizes.take(axis, &[rows, columns])?,
        }
        for row in self.row_iter() {
            values.extend(row.iter().copied());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
