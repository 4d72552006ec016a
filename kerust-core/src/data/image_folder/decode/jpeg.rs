//! JPEG.

use super::{Decoded, Outcome, corrupt, limit, marker};
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Decodes to grayscale or RGB.
///
/// The decoder fills the rest of a truncated file with gray instead of reporting an error. Therefore the
/// markers of the file are scanned first, and an image without an end is an error.
pub(super) fn decode(bytes: &[u8]) -> Outcome<Decoded> {
    let markers = marker::walk(bytes).map_err(|error| corrupt("JPEG")(&error))?;
    limit::check(markers.size, bytes.len())?;
    if markers.blocks / markers.blocks_of_a_byte > bytes.len() as u64 {
        return Err(limit::too_large(markers.size, bytes.len()));
    }

    let corrupt = |error: zune_jpeg::errors::DecodeErrors| corrupt("JPEG")(&error);
    // A JPEG cannot have more rows or columns. The number of pixels was checked above.
    let options = DecoderOptions::default()
        .set_max_width(u16::MAX.into())
        .set_max_height(u16::MAX.into())
        // Bytes between the headers are harmless, but strict mode would reject them.
        .set_strict_mode(!markers.bytes_between);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(corrupt)?;
    let (space, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let size = decoder
        .info()
        .map_or([0, 0], |info| [info.height, info.width]);
    let size = size.map(usize::from);
    let mut values = limit::room(size[0] * size[1] * channels)?;
    decoder.decode_into(&mut values).map_err(corrupt)?;
    Ok(Decoded {
        size,
        channels,
        values,
    })
}
