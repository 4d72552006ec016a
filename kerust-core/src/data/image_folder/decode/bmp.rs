//! BMP.

use super::{Decoded, Outcome, corrupt, limit};
use std::io::Cursor;
use zune_bmp::zune_core::colorspace::ColorSpace;
use zune_bmp::zune_core::options::DecoderOptions;
use zune_bmp::{BmpDecoder, BmpDecoderErrors};

/// Two bytes of a run stand for 255 pixels at most.
const PIXELS_OF_A_BYTE: u64 = 128;

/// Decodes to grey, RGB or RGBA, the palette resolved (TensorFlow takes the palette's numbers for
/// grey levels).
pub(super) fn decode(bytes: &[u8]) -> Outcome<Decoded> {
    // These errors have no `Display`, and end with a line break.
    let corrupt = |error: BmpDecoderErrors| corrupt("BMP")(&format!("{error:?}").trim_end());
    let most = limit::MAX_PIXELS as usize;
    let options = DecoderOptions::default()
        .set_max_width(most)
        .set_max_height(most)
        .set_strict_mode(true);
    let mut decoder = BmpDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(corrupt)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    limit::check([height, width], bytes.len())?;
    if (height * width) as u64 / PIXELS_OF_A_BYTE > bytes.len() as u64 {
        return Err(limit::too_large([height, width], bytes.len()));
    }
    if let Some(promised) = promised_bytes(bytes, height, width)
        && promised > bytes.len() as u64
    {
        let found = bytes.len();
        return Err(super::corrupt("BMP")(&format!(
            "it ends after {found} bytes, its header promises {promised}"
        )));
    }
    let channels = match decoder.colorspace() {
        Some(ColorSpace::Luma) => 1,
        Some(ColorSpace::RGBA | ColorSpace::BGRA) => 4,
        _ => 3,
    };
    let mut values = limit::room(height * width * channels)?;
    decoder.decode_into(&mut values).map_err(corrupt)?;
    Ok(Decoded {
        size: [height, width],
        channels,
        values,
    })
}

/// The length of a file without compression, which the decoder does not hold it against.
fn promised_bytes(bytes: &[u8], height: usize, width: usize) -> Option<u64> {
    let number = |at: usize, len: usize| {
        let bytes = bytes.get(at..at + len)?.iter().rev();
        Some(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    let (bits, compression) = match number(14, 4)? {
        // The header of OS/2.
        12 => (number(24, 2)?, 0),
        _ => (number(28, 2)?, number(30, 4)?),
    };
    let runs = matches!(compression, 1 | 2);
    let row = (width as u64 * bits).div_ceil(32) * 4;
    (!runs).then_some(number(10, 4)? + row * height as u64)
}
