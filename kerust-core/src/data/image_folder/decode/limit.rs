//! How large an image may be, so that no header of a few bytes takes the machine's memory.

use super::Outcome;

/// The most pixels of an image: Pillow's limit against decompression bombs, 178,956,970.
pub const MAX_PIXELS: u64 = 178_956_970;

/// The most bytes of an image's file: that many pixels with four channels of 16 bits.
pub(super) const MAX_FILE_BYTES: u64 = MAX_PIXELS * 8;

/// An image up to this many pixels takes 64 MiB at most, so it is not held against its file's length.
const SMALL_PIXELS: u64 = 1 << 24;

/// More pixels than a byte can stand for in an image that somebody made: a white page of one bit a
/// pixel comes to some 8,000.
const MAX_PIXELS_OF_A_BYTE: u64 = 16_384;

/// Refuses an image of that many rows and columns that is too large, or larger than a file of
/// `bytes` bytes holds.
pub(super) fn check(size: [usize; 2], bytes: usize) -> Outcome<()> {
    let [height, width] = size;
    let pixels = (height as u64).saturating_mul(width as u64);
    if pixels == 0 {
        return Err(format!("has no pixels: its size is {height}×{width}"));
    }
    if pixels > MAX_PIXELS {
        return Err(format!(
            "says that it has {height}×{width} pixels, expected at most {MAX_PIXELS} in all"
        ));
    }
    if pixels > SMALL_PIXELS && pixels / MAX_PIXELS_OF_A_BYTE > bytes as u64 {
        return Err(too_large(size, bytes));
    }
    Ok(())
}

/// The message for an image that is larger than its file can hold.
pub(super) fn too_large([height, width]: [usize; 2], bytes: usize) -> String {
    format!("says that it has {height}×{width} pixels, more than its {bytes} bytes hold")
}

/// Zeros, or an error where there is no memory for them.
pub(crate) fn room(len: usize) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(len)
        .map_err(|_| format!("takes {len} bytes, more than there is memory for"))?;
    bytes.resize(len, 0);
    Ok(bytes)
}
