//! The inputs and labels that can be read from image folders.

use crate::data::{Binary, Class, Data};
use crate::tensor::{Rank1, Rank2, Rank3, StaticShape, Tensor};

/// A shape that fits an image.
#[diagnostic::on_unimplemented(
    message = "an image does not fit the input `{Self}`",
    label = "does not fit an image",
    note = "images fit `Input(height, width)` and `Input(height, width, 1)` (grey), `Input(height, width, 3)` (RGB) and \
            `Input(height, width, 4)` (RGB and alpha)"
)]
pub trait ImageShape: StaticShape {
    /// The number of rows.
    const HEIGHT: usize = Self::SHAPE.dim(0);
    /// The number of pixels in a row.
    const WIDTH: usize = Self::SHAPE.dim(1);
    /// The number of values in a pixel: 1, 3 or 4.
    const CHANNELS: usize = Self::SHAPE.dim(2);
}

impl<const H: usize, const W: usize> ImageShape for Rank3<H, W, 1> {}
impl<const H: usize, const W: usize> ImageShape for Rank3<H, W, 3> {}
impl<const H: usize, const W: usize> ImageShape for Rank3<H, W, 4> {}
impl<const H: usize, const W: usize> ImageShape for Rank2<H, W> {
    const CHANNELS: usize = 1;
}

/// A label that can come from the name of a folder.
#[diagnostic::on_unimplemented(
    message = "a folder for each class cannot give labels `{Self}`",
    label = "is no class",
    note = "class folders give `Class<N>` (one of N folders), `Rank1<N>` (a row of zeros with a one) and `Binary` (two \
            folders, the second is yes)"
)]
pub trait ClassLabel: Data {
    /// The number of classes.
    const CLASSES: usize;

    /// Appends the label of class `class`.
    fn push_class(labels: &mut Self::Column, class: usize);
}

impl<const N: usize> ClassLabel for Class<N> {
    const CLASSES: usize = N;

    fn push_class(labels: &mut Self::Column, class: usize) {
        Self::push(labels, &Self::new(class));
    }
}

impl ClassLabel for Binary {
    const CLASSES: usize = 2;

    fn push_class(labels: &mut Self::Column, class: usize) {
        Self::push(labels, &Self::from(class == 1));
    }
}

/// Keras's `label_mode = "categorical"`.
impl<const N: usize> ClassLabel for Rank1<N> {
    const CLASSES: usize = N;

    fn push_class(labels: &mut Self::Column, class: usize) {
        let mut row = Tensor::<Self>::zeroed();
        row.as_mut_slice()[class] = 1.0;
        Self::push(labels, &row);
    }
}
