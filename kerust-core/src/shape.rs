//! Shapes as values, and the rules that compute a layer's output shape from its input shape.
//!
//! Every rule is a `const fn` and exists only here. The macro calls it while it expands a model, and a model
//! with symbolic sizes calls it again in a constant, so both report the same errors.

mod activation;
mod attention;
mod convolution;
mod fault;
mod macs;
mod mend;
mod merge;
mod rules;
mod sequence;
mod text;

pub use activation::*;
pub use attention::*;
pub use convolution::*;
pub use fault::Fault;
pub use macs::*;
pub use merge::*;
pub use rules::*;
pub use sequence::*;
pub use text::Text;

/// The maximum rank of a shape, without the batch.
pub const MAX_RANK: usize = 4;

/// The shape of one sample: `(28, 28, 1)`, `(10)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    rank: usize,
    dims: [usize; MAX_RANK],
}

impl Shape {
    /// Creates a shape from its sizes.
    ///
    /// # Panics
    /// Panics when there are more than [`MAX_RANK`] sizes.
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
    /// Panics when `axis` is not less than the rank.
    pub const fn dim(&self, axis: usize) -> usize {
        assert!(axis < self.rank, "the axis is not less than the rank");
        self.dims[axis]
    }

    /// The size along `axis`, or 1 if `axis` is not less than the rank. Used in constants where another
    /// constant already reports the wrong rank.
    ///
    /// # Panics
    /// Panics when `axis` is [`MAX_RANK`] or more.
    pub const fn extent(&self, axis: usize) -> usize {
        self.dims[axis]
    }

    /// The size of the last axis: an image's channels, a vector's features.
    ///
    /// # Panics
    /// Panics when the rank is 0.
    pub const fn last(&self) -> usize {
        self.dim(self.rank - 1)
    }

    /// The number of values per index of the axes before `axis` (the product of the sizes from `axis` on), or
    /// 1 if `axis` is not less than the rank.
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

    /// The number of values in one sample, or `None` if it overflows `usize`.
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
    /// Panics when it overflows `usize`.
    pub const fn len(&self) -> usize {
        match self.checked_len() {
            Some(len) => len,
            None => panic!("the shape's size overflows `usize`"),
        }
    }

    /// Whether a sample holds no values.
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

/// The padding of a window at the border, as Keras defines it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Padding {
    /// Windows lie inside the input: `out = (in - span) / stride + 1`.
    Valid,
    /// `out = ceil(in / stride)`. Zeros are added on both sides; if their number is odd, one more is added
    /// after.
    Same,
    /// `out = ceil(in / stride)`. `span - 1` zeros are added before the input only, so that an output does
    /// not depend on later inputs.
    Causal,
}

/// A window that slides over the rows and columns of an image, in a convolution or a pooling layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The rows and columns of the window.
    pub size: [usize; 2],
    /// The step from one window to the next, in rows and columns.
    pub strides: [usize; 2],
    /// The padding at the border.
    pub padding: Padding,
    /// The distance between two taps of the window, in rows and columns.
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

    /// The rows and columns of the output for an input of `height` × `width`.
    ///
    /// The caller must have checked that the window fits.
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

    /// Whether a kernel can slide the window over an image of this height, width and channels: no size is 0, a
    /// `valid` window is inside of the image, and no offset in the padded image overflows.
    pub(crate) const fn fits(&self, [height, width, channels]: [usize; 3]) -> bool {
        let (extents, mut values) = ([height, width], Some(channels));
        let mut axis = 0;
        while axis < 2 {
            let (size, stride, dilation) =
                (self.size[axis], self.strides[axis], self.dilation[axis]);
            if extents[axis] == 0 || size == 0 || stride == 0 || dilation == 0 {
                return false;
            }
            let span = (size - 1).saturating_mul(dilation).saturating_add(1);
            if matches!(self.padding, Padding::Valid) && span > extents[axis] {
                return false;
            }
            let reach = extents[axis]
                .saturating_add(span)
                .saturating_add(dilation)
                .saturating_add(stride);
            values = match values {
                Some(values) => values.checked_mul(reach),
                None => None,
            };
            axis += 1;
        }
        matches!(values, Some(values) if values <= isize::MAX as usize / size_of::<f32>())
    }

    /// The number of image rows that must be kept while the output of a convolution overwrites an image of
    /// `height` × `width` row by row: those from the first row of the window to its own row. `None` if the
    /// output has another size than the image.
    pub fn rows_kept(&self, height: usize, width: usize) -> Option<usize> {
        let alike = self.padding == Padding::Same && self.strides == [1, 1];
        alike.then(|| self.padding_before(height, width)[0] + 1)
    }

    /// The strides. The shape rules reject 0, but replacing 0 by 1 shows the compiler that a
    /// division cannot panic.
    const fn divisors(&self) -> [usize; 2] {
        let [rows, columns] = self.strides;
        [
            rows + (rows == 0) as usize,
            columns + (columns == 0) as usize,
        ]
    }

    /// The number of zero rows above and of zero columns to the left of the input.
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
