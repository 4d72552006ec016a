//! Tensors whose shape is part of their type.

mod several;

use crate::element::Element;
use crate::shape;
use bytemuck::{Pod, Zeroable};
pub use several::{Floats, Nth, Tensors};

/// A shape as a type: [`Rank1`] to [`Rank4`].
pub trait Shape: Copy + Send + Sync + 'static {
    /// The nested array that holds one sample, row-major.
    type Array<T: Element>: Pod;
    /// `[usize; RANK]`: the place of one value.
    type Index;
    /// The shape as a value.
    const SHAPE: shape::Shape;
    /// The number of values in one sample.
    const LEN: usize = Self::SHAPE.len();

    /// The index of the value at `place` of the flat, row-major sample.
    fn index(place: usize) -> Self::Index;
}

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident [$rank:literal] <$($size:ident),+> $array:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name<$(const $size: usize),+>;

        impl<$(const $size: usize),+> Shape for $name<$($size),+> {
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

/// The values of one sample, in place: `size_of::<Tensor<S>>()` is four bytes a value of `f32`.
///
/// The values are `f32`, or of another [`Element`]. A large tensor belongs in a `Box` or a `static`;
/// [`Tensor::zeroed`] returns it by value.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Tensor<S: Shape, T: Element = f32>(S::Array<T>);

/// `N` tokens: numbers of words or letters in a vocabulary.
///
/// The sample of a model that begins with `Input(N, dtype = token)`.
///
/// ```
/// use kerust::prelude::*;
///
/// let tokens = Tokens::from([2, 7, 1, 0]);
/// assert_eq!(tokens.as_slice(), [2, 7, 1, 0]);
/// ```
pub type Tokens<const N: usize> = Tensor<Rank1<N>, u16>;

// SAFETY: transparent over `S::Array`, which is `Pod`.
unsafe impl<S: Shape, T: Element> Zeroable for Tensor<S, T> {}
// SAFETY: transparent over `S::Array`, which is `Pod`.
unsafe impl<S: Shape, T: Element> Pod for Tensor<S, T> {}

impl<S: Shape, T: Element> Tensor<S, T> {
    /// All values 0.
    pub const fn zeroed() -> Self {
        // SAFETY: transparent over `S::Array`, which is `Pod`: zeros are a value of it.
        unsafe { core::mem::zeroed() }
    }

    /// The value at each index: `Tensor::from_fn(|[y, x, c]| ..)`.
    // The rank is a parameter, so that the closure's `[y, x, c]` is understood before `S` is known.
    pub fn from_fn<const RANK: usize>(mut value: impl FnMut([usize; RANK]) -> T) -> Self
    where
        S: Shape<Index = [usize; RANK]>,
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

impl<const N: usize, T: Element> Tensor<Rank1<N>, T> {
    /// The place of the largest value, the first of equals: the class of a softmax head.
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

impl<S: Shape, T: Element> PartialEq for Tensor<S, T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<S: Shape, T: Element> core::fmt::Debug for Tensor<S, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tensor{} ", S::SHAPE)?;
        f.debug_list().entries(self.as_slice()).finish()
    }
}
