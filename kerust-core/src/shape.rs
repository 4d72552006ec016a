//! Shapes as values, and the rules that turn the shape before a layer into the shape after it.
//!
//! Every rule is a `const fn` and stands here only: the macro calls it while it expands a model,
//! and the constants that a model with symbolic sizes expands to call it again, so both speak with
//! the same words.

mod attention;
mod convolution;
mod fault;
mod macs;
mod mend;
mod merge;
mod rules;
mod sequence;
mod text;

pub use attention::*;
pub use convolution::*;
pub use fault::Fault;
pub use macs::*;
pub use merge::*;
pub use rules::*;
pub use sequence::*;
pub use text::Text;

/// The most dimensions that a shape has, without the batch.
pub const MAX_RANK: usize = 4;

/// The sizes of one sample: `(28, 28, 1)`, `(10)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    rank: usize,
    dims: [usize; MAX_RANK],
}

impl Shape {
    /// A shape of the given sizes.
    ///
    /// # Panics
    /// With more than [`MAX_RANK`] sizes.
    pub const fn new(sizes: &[usize]) -> Self {
        assert!(sizes.len() <= MAX_RANK, "a shape has at most 4 dimensions");
        let mut dims = [1; MAX_RANK];
        let mut axis = 0;
        while axis < sizes.len() {
            dims[axis] = sizes[axis];
            axis += 1;
        }
        Self {
            rank: sizes.len(),
            dims,
        }
    }

    /// The number of dimensions.
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// The size along `axis`.
    ///
    /// # Panics
    /// When `axis` is not below the rank.
    pub const fn dim(&self, axis: usize) -> usize {
        assert!(axis < self.rank, "the axis is beyond the rank");
        self.dims[axis]
    }

    /// The size along `axis`, 1 beyond the rank: for a constant beside the one that says what is
    /// wrong with the rank.
    ///
    /// # Panics
    /// When `axis` is [`MAX_RANK`] or more.
    pub const fn extent(&self, axis: usize) -> usize {
        self.dims[axis]
    }

    /// The size of the last axis: an image's channels, a vector's features.
    ///
    /// # Panics
    /// When the rank is 0.
    pub const fn last(&self) -> usize {
        self.dim(self.rank - 1)
    }

    /// The number of values of one place along the axes before `axis`, 1 beyond the rank.
    pub const fn run(&self, axis: usize) -> usize {
        let (mut run, mut at) = (1usize, axis);
        while at < self.rank {
            run = run.saturating_mul(self.dims[at]);
            at += 1;
        }
        run
    }

    /// The sizes as a slice.
    pub const fn dims(&self) -> &[usize] {
        self.dims.split_at(self.rank).0
    }

    /// The number of values in one sample; `None` when it overflows `usize`.
    pub const fn checked_len(&self) -> Option<usize> {
        let mut len = 1usize;
        let mut axis = 0;
        while axis < self.rank {
            len = match len.checked_mul(self.dims[axis]) {
                Some(len) => len,
                None => return None,
            };
            axis += 1;
        }
        Some(len)
    }

    /// The number of values in one sample.
    ///
    /// # Panics
    /// When it overflows `usize`.
    pub const fn len(&self) -> usize {
        match self.checked_len() {
            Some(len) => len,
            None => panic!("the shape's size overflows usize"),
        }
    }

    /// Whether one sample holds no value.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl core::fmt::Display for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("(")?;
        for (axis, size) in self.dims().iter().enumerate() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{size}")?;
        }
        f.write_str(")")
    }
}

/// What a window does at the border, as Keras defines it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Padding {
    /// Windows lie inside the input: `out = (in - span) / stride + 1`.
    Valid,
    /// `out = ceil(in / stride)`; zeros are added around, the odd one after.
    Same,
    /// `out = ceil(in / stride)`; zeros are added before alone, `span - 1` of them: an output sees nothing
    /// that comes after its own place.
    Causal,
}

/// A window that slides over the rows and columns of an image: a convolution's or a pool's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Rows and columns of the window.
    pub size: [usize; 2],
    /// Rows and columns from one window to the next.
    pub strides: [usize; 2],
    /// What happens at the border.
    pub padding: Padding,
    /// Distance between two taps of the window along rows and columns.
    pub dilation: [usize; 2],
}

impl Window {
    /// A window of one pixel.
    pub(crate) const PIXEL: Self = Self {
        size: [1, 1],
        strides: [1, 1],
        padding: Padding::Valid,
        dilation: [1, 1],
    };

    /// Rows and columns that the window spans: `(size - 1) * dilation + 1`.
    pub const fn span(&self) -> [usize; 2] {
        [
            (self.size[0] - 1)
                .saturating_mul(self.dilation[0])
                .saturating_add(1),
            (self.size[1] - 1)
                .saturating_mul(self.dilation[1])
                .saturating_add(1),
        ]
    }

    /// Rows and columns of the output over an input of `height` × `width`.
    ///
    /// The caller has checked that the window fits.
    pub const fn output(&self, height: usize, width: usize) -> [usize; 2] {
        let (span, strides) = (self.span(), self.divisors());
        match self.padding {
            Padding::Same | Padding::Causal => {
                [height.div_ceil(strides[0]), width.div_ceil(strides[1])]
            }
            Padding::Valid => [
                (height - span[0]) / strides[0] + 1,
                (width - span[1]) / strides[1] + 1,
            ],
        }
    }

    /// Rows of an image of `height` × `width` that must be kept aside while a convolution's output
    /// takes its place row by row: those that a window reaches from its own row up. `None` where the
    /// output has other rows or columns than the image.
    pub fn rows_kept(&self, height: usize, width: usize) -> Option<usize> {
        let alike = self.padding == Padding::Same && self.strides == [1, 1];
        alike.then(|| self.padding_before(height, width)[0] + 1)
    }

    /// The strides, of which the rules let none be 0: a division by these cannot panic.
    const fn divisors(&self) -> [usize; 2] {
        let [rows, columns] = self.strides;
        [
            rows + (rows == 0) as usize,
            columns + (columns == 0) as usize,
        ]
    }

    /// Rows of zeros above and columns of zeros to the left of the input.
    pub const fn padding_before(&self, height: usize, width: usize) -> [usize; 2] {
        match self.padding {
            Padding::Valid => [0, 0],
            Padding::Causal => {
                let [rows, columns] = self.span();
                [rows - 1, columns - 1]
            }
            Padding::Same => {
                let output = self.output(height, width);
                let span = self.span();
                [
                    ((output[0] - 1) * self.strides[0] + span[0]).saturating_sub(height) / 2,
                    ((output[1] - 1) * self.strides[1] + span[1]).saturating_sub(width) / 2,
                ]
            }
        }
    }
}
