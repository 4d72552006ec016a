//! WebP.

use super::{Decoded, Outcome, corrupt, limit};
use image_webp::WebPDecoder;
use std::io::Cursor;

/// Decodes to RGB, or to RGBA if there is an alpha channel. Of an animation the first frame is used.
pub(super) fn decode(bytes: &[u8]) -> Outcome<Decoded> {
    let corrupt = |error: image_webp::DecodingError| corrupt("WebP")(&error);
    let promised = bytes
        .get(4..8)
        .map(|len| u32::from_le_bytes([len[0], len[1], len[2], len[3]]));
    let promised = promised.map_or(u64::MAX, |len| u64::from(len) + 8);
    if promised > bytes.len() as u64 {
        let found = bytes.len();
        return Err(super::corrupt("WebP")(&format!(
            "it ends after {found} bytes, its header promises {promised}"
        )));
    }
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(corrupt)?;
    let (width, height) = decoder.dimensions();
    let size = [height as usize, width as usize];
    limit::check(size, bytes.len())?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    decoder.set_memory_limit(usize::MAX);
    let mut values = limit::room(decoder.output_buffer_size().unwrap_or(usize::MAX))?;
    decoder.read_image(&mut values).map_err(corrupt)?;
    Ok(Decoded {
        size,
        channels,
        values,
    })
}
