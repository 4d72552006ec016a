//! PNG.

use super::{Decoded, Outcome, corrupt, limit};
use png::{DecodeOptions, Decoder, Transformations};
use std::io::Cursor;

/// Deflate produces at most 1032 bytes from one.
const MAX_RATIO: u64 = 1032;

/// Decodes to eight bits per value, with palette indices replaced by their colors. All checksums are
/// verified, up to the last chunk. Of an animation the first frame is used.
pub(super) fn decode(bytes: &[u8]) -> Outcome<Decoded> {
    let corrupt = |error: png::DecodingError| corrupt("PNG")(&error);
    let mut options = DecodeOptions::default();
    options.set_ignore_checksums(false);
    options.set_skip_ancillary_crc_failures(false);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let info = decoder.read_header_info().map_err(corrupt)?;
    let size = [info.height as usize, info.width as usize];
    limit::check(size, bytes.len())?;
    let row_bits = u64::from(info.width) * info.bits_per_pixel() as u64;
    let raw_bytes = u64::from(info.height).saturating_mul(row_bits.div_ceil(8));
    if raw_bytes / MAX_RATIO > bytes.len() as u64 {
        return Err(limit::too_large(size, bytes.len()));
    }

    let mut reader = decoder.read_info().map_err(corrupt)?;
    let mut values = limit::room(reader.output_buffer_size().unwrap_or(usize::MAX))?;
    let frame = reader.next_frame(&mut values).map_err(corrupt)?;
    values.truncate(frame.buffer_size());
    reader.finish().map_err(corrupt)?;
    let frame_size = [frame.height as usize, frame.width as usize];
    Ok(Decoded {
        size: frame_size,
        channels: frame.color_type.samples(),
        values,
    })
}
