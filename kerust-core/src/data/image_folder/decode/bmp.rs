//! Uncompressed BMP images, the only kind that TensorFlow reads.
//!
//! The format is described in Microsoft's "Bitmap Storage". The decoder is kerust's own, because a crate for
//! it decodes one-bit images wrongly.

use super::{Decoded, Outcome, corrupt, limit};

/// Decodes to RGB or RGBA. Palette indices are replaced by their colors (TensorFlow uses the indices as gray
/// levels).
pub(super) fn decode(bytes: &[u8]) -> Outcome<Decoded> {
    let corrupt = |fault: &str| corrupt("BMP")(&fault);
    let header = Header::read(bytes).ok_or_else(|| corrupt("it ends in its header"))?;
    let size = header.size;
    limit::check(size, bytes.len())?;
    if !matches!(header.compression, 0 | 3 | 6) {
        return Err("is a compressed BMP image, expected one without compression".to_owned());
    }
    if !matches!(header.bits, 1 | 4 | 8 | 16 | 24 | 32) {
        return Err(corrupt(&format!("it has {} bits a pixel", header.bits)));
    }
    let row_bytes = (size[1] * header.bits).div_ceil(32) * 4;
    let promised = header.start as u64 + row_bytes as u64 * size[0] as u64;
    let Some(rows) = bytes.get(header.start..promised as usize) else {
        let found = bytes.len();
        return Err(corrupt(&format!(
            "it ends after {found} bytes, its header promises {promised}"
        )));
    };

    let colours = Colours::read(bytes, &header).ok_or_else(|| corrupt("it ends in its palette"))?;
    let channels = colours.channels();
    let mut values = limit::room(size[0] * size[1] * channels)?;
    let outputs = values.chunks_exact_mut(size[1] * channels);
    for (i, output) in outputs.enumerate() {
        // The bottom row comes first, unless the height is negative.
        let row = if header.downward { i } else { size[0] - 1 - i };
        let row = &rows[row * row_bytes..][..row_bytes];
        for (x, pixel) in output.chunks_exact_mut(channels).enumerate() {
            let written = colours.write(pixel_of(row, x, header.bits), pixel);
            written.ok_or_else(|| corrupt("a pixel's number is beyond its palette"))?;
        }
    }
    Ok(Decoded {
        size,
        channels,
        values,
    })
}

struct Header {
    /// Rows and columns.
    size: [usize; 2],
    /// Whether the top row comes first.
    downward: bool,
    /// Bits per pixel.
    bits: usize,
    compression: u64,
    /// The offset of the pixels.
    start: usize,
    /// The end of the header.
    end: usize,
    /// Whether it is the header of OS/2, whose palette has three bytes per color.
    short: bool,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let at = |place, len| number(bytes, place, len);
        let len = at(14, 4)?;
        let short = len == 12;
        let (width, height, bits, compression) = if short {
            (at(18, 2)?, at(20, 2)?, at(24, 2)?, 0)
        } else {
            (at(18, 4)?, at(22, 4)?, at(28, 2)?, at(30, 4)?)
        };
        let height = if short {
            height as i32
        } else {
            height as u32 as i32
        };
        Some(Self {
            size: [height.unsigned_abs() as usize, width as usize],
            downward: height < 0,
            bits: bits as usize,
            compression,
            start: at(10, 4)? as usize,
            end: 14 + len as usize,
            short,
        })
    }
}

/// How the number of a pixel is converted to a color.
enum Colours {
    /// Red, green and blue for each index.
    Palette(Vec<[u8; 3]>),
    /// The bit masks of red, green, blue, and of alpha if there is any.
    Masks([u32; 4]),
}

impl Colours {
    fn read(bytes: &[u8], header: &Header) -> Option<Self> {
        if header.bits <= 8 {
            let entry = if header.short { 3 } else { 4 };
            let used = if header.short {
                0
            } else {
                number(bytes, 46, 4)?
            };
            let all = 1 << header.bits;
            let count = if used == 0 { all } else { used.min(all) };
            let palette = bytes.get(header.end..header.end + count as usize * entry)?;
            let colour = |colour: &[u8]| [colour[2], colour[1], colour[0]];
            let palette = palette.chunks_exact(entry).map(colour);
            return Some(Self::Palette(palette.collect()));
        }
        if header.compression != 0 {
            // They follow the first 40 bytes of the header in every version; alpha exists since version 3.
            let mask = |i: usize| Some(number(bytes, 54 + 4 * i, 4)? as u32);
            let alpha = if header.end >= 14 + 56 { mask(3)? } else { 0 };
            return Some(Self::Masks([mask(0)?, mask(1)?, mask(2)?, alpha]));
        }
        Some(Self::Masks(match header.bits {
            16 => [0x7c00, 0x03e0, 0x001f, 0],
            24 => [0x00ff_0000, 0xff00, 0x00ff, 0],
            _ => [0x00ff_0000, 0xff00, 0x00ff, 0xff00_0000],
        }))
    }

    fn channels(&self) -> usize {
        match self {
            Self::Masks([_, _, _, alpha]) if *alpha != 0 => 4,
            _ => 3,
        }
    }

    fn write(&self, number: u32, pixel: &mut [u8]) -> Option<()> {
        match self {
            Self::Palette(colours) => pixel.copy_from_slice(colours.get(number as usize)?),
            Self::Masks(masks) => {
                for (value, mask) in core::iter::zip(pixel, masks) {
                    *value = level(number, *mask);
                }
            }
        }
        Some(())
    }
}

/// Converts the bits under the mask to a level from 0 to 255.
fn level(number: u32, mask: u32) -> u8 {
    let shift = mask.trailing_zeros().min(31);
    let most = u64::from(mask >> shift);
    let found = u64::from((number & mask) >> shift);
    (found * 255).checked_div(most).unwrap_or(0) as u8
}

/// The number of the pixel `x` in a row; the high bits of a byte come first.
fn pixel_of(row: &[u8], x: usize, bits: usize) -> u32 {
    if bits < 8 {
        let place = x * bits;
        let byte = u32::from(row[place / 8]);
        return byte >> (8 - bits - place % 8) & ((1 << bits) - 1);
    }
    let bytes = &row[x * bits / 8..][..bits / 8];
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The little-endian number of `len` bytes at `at`.
fn number(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + len)?.iter().rev();
    Some(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
