//! GIF.

use super::{Decoded, Outcome, corrupt, limit};
use gif::{ColorOutput, DecodeOptions, MemoryLimit};

/// An LZW code takes up to 12 bits and stands for up to 4096 pixels.
const PIXELS_OF_A_BYTE: u64 = 4096 * 8 / 12;

/// Decodes the first frame to RGBA, on a canvas of zeros. As in TensorFlow, transparent pixels are zeros. All
/// other frames are scanned, so that an incomplete file is detected.
pub(super) fn decode(bytes: &[u8]) -> Outcome<Decoded> {
    let corrupt = |error: gif::DecodingError| corrupt("GIF")(&error);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    options.check_frame_consistency(true);
    options.set_memory_limit(MemoryLimit::Unlimited);
    let mut decoder = options.read_info(bytes).map_err(corrupt)?;
    let size = [decoder.height(), decoder.width()].map(usize::from);
    limit::check(size, bytes.len())?;
    if (size[0] * size[1]) as u64 / PIXELS_OF_A_BYTE > bytes.len() as u64 {
        return Err(limit::too_large(size, bytes.len()));
    }

    let frame = decoder.next_frame_info().map_err(corrupt)?;
    let frame = frame.ok_or("is not a complete GIF image: it has no frame")?;
    let [left, top] = [frame.left, frame.top].map(usize::from);
    let line = usize::from(frame.width) * CHANNELS;
    let transparent = frame.transparent.is_some();
    let mut part = limit::room(decoder.buffer_size())?;
    decoder.read_into_buffer(&mut part).map_err(corrupt)?;
    while decoder.next_frame_info().map_err(corrupt)?.is_some() {}
    if transparent {
        part.chunks_exact_mut(CHANNELS)
            .filter(|pixel| pixel[3] == 0)
            .for_each(|pixel| pixel.fill(0));
    }
    let whole = [top, left] == [0, 0] && part.len() == size[0] * size[1] * CHANNELS;
    let values = if whole {
        part
    } else {
        let mut canvas = limit::room(size[0] * size[1] * CHANNELS)?;
        let rows = canvas.chunks_exact_mut(size[1] * CHANNELS).skip(top);
        for (row, values) in rows.zip(part.chunks_exact(line.max(1))) {
            row[left * CHANNELS..][..line].copy_from_slice(values);
        }
        canvas
    };
    Ok(Decoded {
        size,
        channels: CHANNELS,
        values,
    })
}

const CHANNELS: usize = 4;
