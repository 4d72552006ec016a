//! From an image file to pixels of the model's size.

use super::{ImageFolderFault, refuse};
use crate::error::{Error, Result};
use crate::layers::Resizing;
use png::Transformations;
use std::io::Cursor;
use std::path::Path;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Decodes the image at `path` into `pixels`: `size` rows and columns of `channels` values.
///
/// The content decides between PNG and JPEG, not the ending. Of 16 bits the upper 8 stay, also
/// where colours become grey, which TensorFlow makes of all 16: a level less at most. Grey is
/// 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), as TensorFlow computes it; alpha is dropped, not
/// blended, unless asked for.
pub(super) fn read(
    path: &Path,
    channels: usize,
    size: [usize; 2],
    pixels: &mut [u8],
) -> Result<()> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    let undecodable = |error| refuse(path, ImageFolderFault::Undecodable(error));
    let image = Decoded::new(&bytes).map_err(undecodable)?;
    let values = image.pixels(channels);
    if image.size == size {
        pixels.copy_from_slice(&values);
    } else {
        // As `tf.image.resize`. Alpha is a channel like the others to a network, and to Keras.
        let [height, width] = image.size;
        Resizing::new([height, width, channels], size).resize_bytes(&values, pixels);
    }
    Ok(())
}

/// An image as its file holds it.
struct Decoded {
    /// Rows and columns.
    size: [usize; 2],
    /// Grey, grey with alpha, RGB, or RGB with alpha.
    channels: usize,
    values: Vec<u8>,
}

impl Decoded {
    fn new(bytes: &[u8]) -> core::result::Result<Self, String> {
        if bytes.starts_with(b"\x89PNG") {
            Self::png(bytes).map_err(|error| error.to_string())
        } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Self::jpeg(bytes).map_err(|error| error.to_string())
        } else {
            Err("its first bytes are neither's".to_owned())
        }
    }

    fn png(bytes: &[u8]) -> core::result::Result<Self, png::DecodingError> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
        let mut reader = decoder.read_info()?;
        let mut values = vec![0; reader.output_buffer_size().unwrap_or_default()];
        let frame = reader.next_frame(&mut values)?;
        values.truncate(frame.buffer_size());
        Ok(Self {
            size: [frame.height as usize, frame.width as usize],
            channels: frame.color_type.samples(),
            values,
        })
    }

    fn jpeg(bytes: &[u8]) -> core::result::Result<Self, zune_jpeg::errors::DecodeErrors> {
        let mut decoder = JpegDecoder::new(Cursor::new(bytes));
        decoder.decode_headers()?;
        let (space, channels) = match decoder.input_colorspace() {
            Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
            _ => (ColorSpace::RGB, 3),
        };
        decoder.set_options(DecoderOptions::default().jpeg_set_out_colorspace(space));
        let values = decoder.decode()?;
        let size = decoder
            .info()
            .map_or([0, 0], |info| [info.height, info.width]);
        Ok(Self {
            size: size.map(usize::from),
            channels,
            values,
        })
    }

    /// Each pixel with 1, 3 or 4 channels.
    fn pixels(&self, channels: usize) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(self.values.len() / self.channels * channels);
        for values in self.values.chunks_exact(self.channels) {
            let [r, g, b, alpha] = match *values {
                [grey] => [grey, grey, grey, u8::MAX],
                [grey, alpha] => [grey, grey, grey, alpha],
                [r, g, b] => [r, g, b, u8::MAX],
                [r, g, b, alpha, ..] => [r, g, b, alpha],
                [] => [0; 4],
            };
            match channels {
                1 => pixels.push(grey(r, g, b)),
                3 => pixels.extend([r, g, b]),
                _ => pixels.extend([r, g, b, alpha]),
            }
        }
        pixels
    }
}

/// In parts of 32768, truncated: libpng's arithmetic, which TensorFlow uses.
fn grey(r: u8, g: u8, b: u8) -> u8 {
    let sum = 9797 * u32::from(r) + 19234 * u32::from(g) + 3737 * u32::from(b);
    (sum >> 15) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_weighs_the_colours_as_tensorflow() {
        let greys = [
            grey(200, 0, 0),
            grey(0, 200, 0),
            grey(0, 0, 200),
            grey(77, 77, 77),
            grey(234, 91, 23),
        ];
        assert_eq!(greys, [59, 117, 22, 77, 125]);
    }
}
