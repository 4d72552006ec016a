//! Images.

use kerust::{Rank3, Tensor};

/// A grayscale image of 28×28 pixels: a light garment on a black background that fills the image.
#[derive(Clone, PartialEq, Debug)]
pub struct Image(pub(crate) Tensor<Rank3<28, 28, 1>>);

impl Image {
    /// Creates an image from its rows, from top to bottom. 0 is black and 255 is white.
    pub fn new(pixels: &[[u8; 28]; 28]) -> Self {
        let mut tensor = Tensor::zeroed();
        for (value, pixel) in tensor.as_mut_slice().iter_mut().zip(pixels.as_flattened()) {
            *value = f32::from(*pixel);
        }
        Self(tensor)
    }

    /// Reads a binary PGM file with 28×28 pixels of 8 bits, without comments. Returns `None` for any other
    /// file.
    pub fn from_pgm(file: &[u8]) -> Option<Self> {
        let pixels = file.strip_prefix(b"P5\n28 28\n255\n")?;
        let (rows, []) = pixels.as_chunks() else {
            return None;
        };
        Some(Self::new(rows.try_into().ok()?))
    }
}
