//! Tensors whose shape is part of their type.

mod several;

use crate::element::Element;
use crate::shape;
use bytemuck::{Pod, Zeroable};
use core::ops::{Index, IndexMut};
pub use several::{Floats, Nth, Tensors};

/// A shape as a type: [`Rank1`] to [`Rank4`].
pub trait StaticShape: Copy + Send + Sync + 'static {
    /// The nested array that holds one sample, row-major.
    type Array<T: Element>: Pod;
    /// `[usize; RANK]`: the index of a value.
    type Index;
    /// The shape as a value.
    const SHAPE: shape::Shape;
    /// The number of values in one sample.
    const LEN: usize = Self::SHAPE.len();

    /// The index of the value at position `place` of the flat, row-major sample.
    fn index(place: usize) -> Self::Index;
}

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident [$rank:literal] <$($size:ident),+> $array:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name<$(const $size: usize),+>;

        impl<$(const $size: usize),+> StaticShape for $name<$($size),+> {
            type Array<T: Element> = $array;
            type Index = [usize; $rank];
            const SHAPE: shape::Shape = shape::Shape::new(&[$($size),+]);

            fn index(place: usize) -> Self::Index {
                let sizes = [$($size),+];
                let mut index = [0; $rank];
                let mut rest = place;
                for axis in (0..$rank).rev() {
                    index[axis] = rest % sizes[axis];
                    rest /= sizes[axis];
                }
                index
            }
        }

        impl<T: Element, $(const $size: usize),+> From<$array> for Tensor<$name<$($size),+>, T> {
            fn from(values: $array) -> Self {
                Self(values)
            }
        }
    )+};
}

ranks! {
    /// A vector of `N` values.
    Rank1[1]<N> [T; N];
    /// `H` rows of `W` values, or `H` steps of `W` features.
    Rank2[2]<H, W> [[T; W]; H];
    /// An image: `H` rows of `W` pixels of `C` channels.
    Rank3[3]<H, W, C> [[[T; C]; W]; H];
    /// A sequence of `D` images.
    Rank4[4]<D, H, W, C> [[[[T; C]; W]; H]; D];
}

/// A tensor, which holds the values of one sample in place: `size_of::<Tensor<S>>()` is four bytes for each
/// `f32` value.
///
/// The values are `f32`, or another [`Element`]. Put a large tensor in a `Box` or a `static`;
/// [`Tensor::zeroed`] returns it by value.
///
/// ```
/// use kerust::prelude::*;
///
/// let image: Tensor<Rank2<2, 3>> = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
/// assert_eq!(image[[1, 0]], 4.0);
/// assert_eq!(image[1], [4.0, 5.0, 6.0]);
/// assert_eq!(image.rows().map(|row| row[2]).sum::<f32>(), 9.0);
/// assert_eq!(image.map(|x| 2.0 * x).as_slice(), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
/// ```
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Tensor<S: StaticShape, T: Element = f32>(S::Array<T>);

/// `N` tokens: the indices of words or letters in a vocabulary.
///
/// It is the sample type of a model that starts with `Input(N, dtype = token)`.
///
/// ```
/// use kerust::prelude::*;
///
/// let tokens = Tokens::from([2, 7, 1, 0]);
/// assert_eq!(tokens.as_slice(), [2, 7, 1, 0]);
/// ```
pub type Tokens<const N: usize> = Tensor<Rank1<N>, u16>;

// SAFETY: transparent over `S::Array`, which is `Pod`.
unsafe impl<S: StaticShape, T: Element> Zeroable for Tensor<S, T> {}
// SAFETY: transparent over `S::Array`, which is `Pod`.
unsafe impl<S: StaticShape, T: Element> Pod for Tensor<S, T> {}

impl<S: StaticShape, T: Element> Tensor<S, T> {
    /// A tensor with all values 0.
    pub const fn zeroed() -> Self {
        // SAFETY: transparent over `S::Array`, which is `Pod`: zeros are a value of it.
        unsafe { core::mem::zeroed() }
    }

    /// A tensor with all values 0: [`zeroed`](Self::zeroed) with Keras's name.
    pub const fn zeros() -> Self {
        Self::zeroed()
    }

    /// A tensor with all values equal to `value`.
    pub fn full(value: T) -> Self {
        let mut tensor = Self::zeroed();
        tensor.as_mut_slice().fill(value);
        tensor
    }

    /// Applies a function to each value.
    pub fn map<U: Element>(&self, mut value: impl FnMut(T) -> U) -> Tensor<S, U> {
        let mut tensor = Tensor::zeroed();
        let pairs = tensor.as_mut_slice().iter_mut().zip(self.as_slice());
        pairs.for_each(|(slot, old)| *slot = value(*old));
        tensor
    }

    /// Creates a tensor from a function of the index: `Tensor::from_fn(|[y, x, c]| ..)`.
    // The rank is a parameter, so that the closure's `[y, x, c]` is inferred before `S` is known.
    pub fn from_fn<const RANK: usize>(mut value: impl FnMut([usize; RANK]) -> T) -> Self
    where
        S: StaticShape<Index = [usize; RANK]>,
    {
        let mut tensor = Self::zeroed();
        for (place, slot) in tensor.as_mut_slice().iter_mut().enumerate() {
            *slot = value(S::index(place));
        }
        tensor
    }

    /// The values, row-major.
    pub fn as_slice(&self) -> &[T] {
        bytemuck::cast_slice(core::slice::from_ref(self))
    }

    /// The values, row-major.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(core::slice::from_mut(self))
    }

    /// The values as nested arrays.
    pub fn as_array(&self) -> &S::Array<T> {
        &self.0
    }
}

impl<S: StaticShape> Tensor<S> {
    /// A tensor with all values 1.
    pub fn ones() -> Self {
        Self::full(1.0)
    }
}

impl<const N: usize, T: Element> Tensor<Rank1<N>, T> {
    /// The index of the largest value, the first one if several are equal: the predicted class of a softmax.
    pub fn argmax(&self) -> usize {
        let mut best: Option<(usize, T)> = None;
        for (place, value) in self.0.iter().enumerate() {
            if best.is_none_or(|(_, largest)| *value > largest) {
                best = Some((place, *value));
            }
        }
        best.map_or(0, |(place, _)| place)
    }
}

/// `x[3]`: a value of a vector.
impl<const N: usize, T: Element> Index<usize> for Tensor<Rank1<N>, T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        &self[[place]]
    }
}

impl<const N: usize, T: Element> IndexMut<usize> for Tensor<Rank1<N>, T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        &mut self[[place]]
    }
}

macro_rules! rows {
    ($($name:ident <$first:ident, $($size:ident),+> $row:ty;)+) => {$(
        /// `x[row]`: the values at an index of the first axis, such as a step of a sequence.
        impl<const $first: usize, $(const $size: usize,)+ T: Element> Index<usize>
            for Tensor<$name<$first, $($size),+>, T>
        {
            type Output = $row;

            fn index(&self, row: usize) -> &$row {
                &self.0[at::<$name<$first, $($size),+>>(row)]
            }
        }

        impl<const $first: usize, $(const $size: usize,)+ T: Element> IndexMut<usize>
            for Tensor<$name<$first, $($size),+>, T>
        {
            fn index_mut(&mut self, row: usize) -> &mut $row {
                &mut self.0[at::<$name<$first, $($size),+>>(row)]
            }
        }

        impl<const $first: usize, $(const $size: usize,)+ T: Element> Tensor<$name<$first, $($size),+>, T> {
            /// The values at each index of the first axis, in their order.
            pub fn rows(&self) -> core::slice::Iter<'_, $row> {
                self.0.iter()
            }

            /// The values at each index of the first axis, in their order, to be written.
            pub fn rows_mut(&mut self) -> core::slice::IterMut<'_, $row> {
                self.0.iter_mut()
            }
        }
    )+};
}
rows! {
    Rank2<H, W> [T; W];
    Rank3<H, W, C> [[T; C]; W];
    Rank4<D, H, W, C> [[[T; C]; W]; H];
}

/// An index of the first axis.
///
/// # Panics
/// Panics when the index is outside of the shape.
fn at<S: StaticShape>(row: usize) -> usize {
    let sizes = S::SHAPE;
    assert!(
        row < sizes.dim(0),
        "the index {row} is outside of the first axis of the shape {sizes}"
    );
    row
}

/// `x[[row, column, channel]]`: the value at an index.
impl<S, T: Element, const RANK: usize> Index<[usize; RANK]> for Tensor<S, T>
where
    S: StaticShape<Index = [usize; RANK]>,
{
    type Output = T;

    fn index(&self, index: [usize; RANK]) -> &T {
        &self.as_slice()[place::<S>(&index)]
    }
}

impl<S, T: Element, const RANK: usize> IndexMut<[usize; RANK]> for Tensor<S, T>
where
    S: StaticShape<Index = [usize; RANK]>,
{
    fn index_mut(&mut self, index: [usize; RANK]) -> &mut T {
        &mut self.as_mut_slice()[place::<S>(&index)]
    }
}

/// The position of an index in the flat, row-major sample.
///
/// # Panics
/// Panics when the index is outside of the shape.
fn place<S: StaticShape>(index: &[usize]) -> usize {
    let sizes = S::SHAPE;
    let pairs = index.iter().zip(sizes.dims());
    pairs.fold(0, |place, (at, size)| {
        assert!(
            at < size,
            "the index {index:?} is outside of the shape {sizes}"
        );
        place * size + at
    })
}

impl<S: StaticShape, T: Element> PartialEq for Tensor<S, T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<S: StaticShape, T: Element> core::fmt::Debug for Tensor<S, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tensor{} ", S::SHAPE)?;
        f.debug_list().entries(self.as_slice()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Rank1, Rank2, Rank3, Tensor};

    #[test]
    fn rows_are_read_and_written_by_their_index() {
        let mut steps = Tensor::<Rank2<3, 1>>::from([[1.0], [2.0], [3.0]]);
        steps[2] = [7.0];
        steps.rows_mut().for_each(|row| row[0] *= 2.0);
        assert_eq!((steps[0], steps[2]), ([2.0], [14.0]));
        assert!(steps.rows().eq(&[[2.0], [4.0], [14.0]]));
        let image = Tensor::<Rank3<2, 3, 4>>::from_fn(|[y, x, c]| (100 * y + 10 * x + c) as f32);
        assert_eq!((image[1][2][3], image.rows().len()), (123.0, 2));
    }

    #[test]
    #[should_panic(expected = "the index 3 is outside of the first axis of the shape (3, 1)")]
    fn a_row_outside_of_the_shape_is_refused() {
        _ = Tensor::<Rank2<3, 1>>::zeroed()[3];
    }

    #[test]
    fn values_are_read_and_written_by_their_index() {
        let mut image =
            Tensor::<Rank3<2, 3, 4>>::from_fn(|[y, x, c]| (100 * y + 10 * x + c) as f32);
        assert_eq!(image[[1, 2, 3]], 123.0);
        image[[0, 1, 2]] = -1.0;
        assert_eq!(image.as_array()[0][1][2], -1.0);
        let mut vector = Tensor::<Rank1<3>, u16>::full(7);
        vector[2] += 1;
        assert_eq!(vector.as_slice(), [7, 7, 8]);
        assert_eq!(
            Tensor::<Rank1<3>>::ones().map(|value| value * 2.0),
            [2.0; 3].into()
        );
        assert_eq!(Tensor::<Rank1<3>>::zeros(), [0.0; 3].into());
    }

    #[test]
    #[should_panic(expected = "the index [0, 3, 0] is outside of the shape (2, 3, 4)")]
    fn an_index_outside_is_named() {
        let _ = Tensor::<Rank3<2, 3, 4>>::ones()[[0, 3, 0]];
    }
}
