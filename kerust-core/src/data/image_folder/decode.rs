//! From an image file to pixels of the model's size.

use super::{ImageFolderFault, refuse};
use crate::error::{Error, Result};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use png::Transformations;
use std::io::Cursor;
use std::path::Path;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Decodes the image at `path` into `pixels`: `size` rows and columns of `channels` values.
///
/// The content decides between PNG and JPEG, not the ending. Of 16 bits the upper 8 stay. Grey is
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
    let (kind, values) = match channels {
        1 => (PixelType::U8, image.pixels(|[r, g, b, _]| [grey(r, g, b)])),
        3 => (PixelType::U8x3, image.pixels(|[r, g, b, _]| [r, g, b])),
        _ => (PixelType::U8x4, image.pixels(|rgba| rgba)),
    };
    if image.size == size {
        pixels.copy_from_slice(&values);
        return Ok(());
    }
    resize(kind, &values, image.size, pixels, size).map_err(undecodable)
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

    /// Each pixel, from its red, green, blue and alpha.
    fn pixels<const N: usize>(&self, pixel: impl Fn([u8; 4]) -> [u8; N]) -> Vec<u8> {
        let pixels = self.values.chunks_exact(self.channels);
        let pixels = pixels.flat_map(|values| {
            pixel(match *values {
                [grey] => [grey, grey, grey, u8::MAX],
                [grey, alpha] => [grey, grey, grey, alpha],
                [r, g, b] => [r, g, b, u8::MAX],
                [r, g, b, alpha, ..] => [r, g, b, alpha],
                [] => [0; 4],
            })
        });
        pixels.collect()
    }
}

/// In parts of 32768, truncated: libpng's arithmetic, which TensorFlow uses. They add up to 32767,
/// which takes nothing from a grey.
fn grey(r: u8, g: u8, b: u8) -> u8 {
    if r == g && g == b {
        return r;
    }
    let sum = 9798 * u32::from(r) + 19235 * u32::from(g) + 3735 * u32::from(b);
    (sum >> 15) as u8
}

/// Bilinear without antialiasing, pixels' centres at halves: `tf.image.resize`.
fn resize(
    kind: PixelType,
    from: &[u8],
    from_size: [usize; 2],
    to: &mut [u8],
    to_size: [usize; 2],
) -> core::result::Result<(), String> {
    let [from_height, from_width] = from_size.map(|size| size as u32);
    let [to_height, to_width] = to_size.map(|size| size as u32);
    let from = ImageRef::new(from_width, from_height, from, kind).map_err(|e| e.to_string())?;
    let mut to = Image::from_slice_u8(to_width, to_height, to, kind).map_err(|e| e.to_string())?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Interpolation(FilterType::Bilinear))
        // Alpha is a channel like the others to a network, and to Keras.
        .use_alpha(false);
    Resizer::new()
        .resize(&from, &mut to, &options)
        .map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Within a grey level of `expected`, which `tf.image.resize` of TensorFlow 2.21 gave.
    fn assert_resized(
        kind: PixelType,
        from: (&[u8], [usize; 2]),
        size: [usize; 2],
        expected: &[f32],
    ) {
        let mut found = vec![0; expected.len()];
        resize(kind, from.0, from.1, &mut found, size).unwrap();
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            let gap = (f32::from(*found) - expected).abs();
            assert!(gap <= 1.0, "{place}: found {found}, expected {expected}");
        }
    }

    #[test]
    fn smaller_images_are_those_of_tensorflow() {
        // 5×7 RGB to 3×4.
        let from = [
            201, 15, 236, 183, 33, 236, 191, 192, 249, 232, 139, 139, 184, 200, 57, 183, 222, 172,
            126, 219, 55, 56, 192, 233, 76, 189, 242, 111, 149, 131, 19, 19, 9, 45, 59, 216, 39,
            197, 184, 134, 208, 125, 222, 252, 236, 1, 249, 190, 202, 57, 222, 160, 170, 162, 18,
            85, 56, 131, 255, 190, 144, 90, 173, 180, 33, 67, 29, 246, 122, 44, 196, 111, 190, 18,
            19, 209, 173, 76, 147, 252, 148, 82, 151, 2, 235, 156, 93, 100, 154, 93, 151, 100, 119,
            221, 41, 244, 119, 222, 20, 125, 16, 26, 8, 63, 110,
        ];
        let expected = [
            150.67, 78.12, 236.12, 163.92, 167.83, 195.42, 140.58, 146.25, 108.21, 131.04, 214.71,
            114.96, 139.12, 250.88, 218.75, 196.75, 71.12, 214.5, 35.75, 95.62, 69.25, 139.12,
            151.88, 179.38, 164.04, 141.12, 91.21, 127.25, 119.67, 122.92, 156.71, 184.12, 54.96,
            70.04, 93.21, 71.25,
        ];
        assert_resized(PixelType::U8x3, (&from, [5, 7]), [3, 4], &expected);
    }

    #[test]
    fn images_of_almost_the_size_are_those_of_tensorflow() {
        // 6×6 grey to 6×5.
        let from = [
            133, 98, 158, 168, 161, 250, 218, 44, 137, 37, 183, 134, 228, 64, 91, 223, 198, 198,
            150, 31, 1, 105, 150, 244, 124, 164, 142, 83, 243, 205, 121, 30, 173, 21, 141, 165,
        ];
        let expected = [
            129.5, 116.0, 163.0, 163.1, 241.1, 200.6, 71.9, 87.0, 139.2, 138.9, 211.6, 72.1, 157.0,
            205.5, 198.0, 138.1, 22.0, 53.0, 136.5, 234.6, 128.0, 157.4, 112.5, 195.0, 208.8,
            111.9, 72.9, 97.0, 105.0, 162.6,
        ];
        assert_resized(PixelType::U8, (&from, [6, 6]), [6, 5], &expected);
    }

    #[test]
    fn larger_images_are_those_of_tensorflow() {
        // 4×3 grey to 9×8: the first two rows.
        let from = [75, 155, 134, 253, 241, 130, 3, 195, 76, 176, 22, 49];
        let mut found = [0; 72];
        resize(PixelType::U8, &from, [4, 3], &mut found, [9, 8]).unwrap();
        let expected = [
            75.0, 80.0, 110.0, 140.0, 151.06, 143.19, 135.31, 134.0, 104.67, 108.71, 132.96,
            157.21, 162.58, 149.08, 135.58, 133.33,
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (f32::from(*found) - expected).abs() <= 1.0,
                "{found} {expected}"
            );
        }
    }

    #[test]
    fn grey_weighs_the_colours_as_tensorflow() {
        let greys = [
            grey(200, 0, 0),
            grey(0, 200, 0),
            grey(0, 0, 200),
            grey(77, 77, 77),
        ];
        assert_eq!(greys, [59, 117, 22, 77]);
    }
}
