//! The pictures.

use kerust::{Rank3, Tensor};

/// A grey picture of 28×28 pixels: a light garment before a black ground, as large as the picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Image(pub(crate) Tensor<Rank3<28, 28, 1>>);

impl Image {
    /// A picture from its rows, the topmost first; 0 is black, 255 white.
    pub fn new(pixels: &[[u8; 28]; 28]) -> Self {
        let mut tensor = Tensor::zeroed();
        for (value, pixel) in tensor.as_mut_slice().iter_mut().zip(pixels.as_flattened()) {
            *value = f32::from(*pixel);
        }
        Self(tensor)
    }

    /// A picture from a binary PGM file of 28×28 pixels, 8 bits each and without comments;
    /// nothing for any other file.
    pub fn from_pgm(file: &[u8]) -> Option<Self> {
        let pixels = file.strip_prefix(b"P5\n28 28\n255\n")?;
        let (rows, []) = pixels.as_chunks() else {
            return None;
        };
        Some(Self::new(rows.try_into().ok()?))
    }
}
