//! Limits on the size of an image, so that a small malicious file cannot use up the memory.

use super::Outcome;

/// The maximum number of pixels of an image: Pillow's limit against decompression bombs, 178,956,970.
pub const MAX_PIXELS: u64 = 178_956_970;

/// The maximum size of an image file in bytes: the maximum number of pixels with four 16-bit channels.
pub(super) const MAX_FILE_BYTES: u64 = MAX_PIXELS * 8;

/// An image with up to this many pixels takes at most 64 MiB, so its size is not compared with its file's
/// length.
const SMALL_PIXELS: u64 = 1 << 24;

/// The maximum number of pixels per byte of a file, well above that of real images: a white page with one bit
/// per pixel has about 8,000.
const MAX_PIXELS_OF_A_BYTE: u64 = 16_384;

/// Returns an error if an image of this size is too large, or too large for a file of `bytes` bytes.
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

/// The message for an image that is too large for its file.
pub(super) fn too_large([height, width]: [usize; 2], bytes: usize) -> String {
    format!("says that it has {height}×{width} pixels, more than its {bytes} bytes hold")
}

/// A buffer of zeros, or an error if there is not enough memory.
pub(crate) fn room(len: usize) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(len)
        .map_err(|_| format!("takes {len} bytes, more than there is memory for"))?;
    bytes.resize(len, 0);
    Ok(bytes)
}
