//! Decodes an image file to pixels of the model's input size.
//!
//! A truncated or corrupt file is an error, as in TensorFlow. Memory is not allocated on the basis of a
//! header alone; see [`limit`].

mod bmp;
mod gif;
mod jpeg;
mod limit;
mod marker;
mod png;
mod webp;

use crate::layers::{Interpolation, Resizing};
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use limit::MAX_PIXELS;
pub(super) use limit::room;

/// The result of a decoding step. The error is a message without the path.
type Outcome<T> = Result<T, String>;

/// Decodes the image at `path` into `pixels`: `size` rows and columns with `channels` values each.
///
/// The format is determined from the content, not from the file extension. Of 16-bit values the upper 8 bits
/// are kept. TensorFlow converts colors to gray with all 16 bits; the difference is at most one level. Gray
/// is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), as in TensorFlow. Alpha is dropped without blending, unless
/// it is requested.
pub(in crate::data) fn read(
    path: &Path,
    channels: usize,
    size: [usize; 2],
    resize: Resize,
    pixels: &mut [u8],
) -> Outcome<()> {
    let image = Decoded::new(&whole_file(path)?)?;
    let mut values = image.pixels(channels)?;
    let mut found = image.size;
    if resize.crop_to_aspect_ratio {
        found = crop(&mut values, found, channels, size);
    }
    if found == size {
        pixels.copy_from_slice(&values);
    } else {
        // As `tf.image.resize`. Alpha is resized like any other channel, as in Keras.
        let [height, width] = found;
        let resizing = Resizing::new([height, width, channels], size);
        resizing
            .interpolation(resize.interpolation)
            .resize_bytes(&values, pixels);
    }
    Ok(())
}

/// How an image is resized to the model's input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::data) struct Resize {
    pub(in crate::data) interpolation: Interpolation,
    pub(in crate::data) crop_to_aspect_ratio: bool,
}

/// Crops the center of an image, as large as possible with the aspect ratio of `target`: Keras's
/// `smart_resize`. Returns the size.
fn crop(values: &mut Vec<u8>, size: [usize; 2], channels: usize, target: [usize; 2]) -> [usize; 2] {
    let [height, width] = size;
    // Keras divides in 32 bits and truncates.
    let part = |whole: usize, a: usize, b: usize| ((whole * a) as f32 / b as f32) as usize;
    let rows = part(width, target[0], target[1]).min(height).max(1);
    let columns = part(height, target[1], target[0]).min(width).max(1);
    let (top, left) = ((height - rows) / 2, (width - columns) / 2);
    for row in 0..rows {
        let from = ((top + row) * width + left) * channels;
        values.copy_within(from..from + columns * channels, row * columns * channels);
    }
    values.truncate(rows * columns * channels);
    [rows, columns]
}

/// The bytes of the file. If the first bytes are not those of an image, the rest is not read. A pipe or a
/// device is not opened, since it might block forever.
fn whole_file(path: &Path) -> Outcome<Vec<u8>> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        let kind = kind(metadata.file_type());
        return Err(format!("is not a regular file: found {kind}"));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let mut start = (&mut file).take(START as u64);
    start.read_to_end(&mut bytes).map_err(unreadable)?;
    if Format::of(&bytes).is_none() {
        return Err(unknown(&bytes));
    }
    let len = metadata.len();
    if len > limit::MAX_FILE_BYTES {
        let most = limit::MAX_FILE_BYTES;
        return Err(format!("has {len} bytes, expected at most {most}"));
    }
    bytes
        .try_reserve_exact(len as usize)
        .map_err(|_| format!("has {len} bytes, more than there is memory for"))?;
    file.take(len).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// The kind of a file that is not a regular file.
fn kind(kind: std::fs::FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a FIFO";
        } else if kind.is_socket() {
            return "a socket";
        } else if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if kind.is_dir() {
        "a folder"
    } else {
        "a special file"
    }
}

/// The number of bytes that distinguish the formats.
const START: usize = 16;

enum Format {
    Png,
    Jpeg,
    Gif,
    Bmp,
    WebP,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', ..] => Some(Self::Gif),
            [b'B', b'M', ..] => Some(Self::Bmp),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::WebP),
            _ => None,
        }
    }
}

/// The message for a file of another format, with the name of the format if it is a common one.
fn unknown(start: &[u8]) -> String {
    let text = start.trim_ascii_start();
    let found = match start {
        [] => "an empty file".to_owned(),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "TIFF".to_owned(),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
            let brand = brand.get(..4).unwrap_or(brand);
            format!(
                "ISO media, brand `{}` (AVIF or HEIC?)",
                brand.escape_ascii()
            )
        }
        [0xff, 0x0a, ..] | [0, 0, 0, 0x0c, b'J', b'X', b'L', ..] => "JPEG XL".to_owned(),
        _ if text.starts_with(b"<") => "a page of HTML or XML".to_owned(),
        _ if start.iter().all(|byte| *byte == 0) => "zeros".to_owned(),
        _ => format!("the first bytes {:02x?}", &start[..start.len().min(4)]),
    };
    format!("is not a PNG, JPEG, GIF, BMP or WebP image: found {found}")
}

/// An image as stored in its file.
struct Decoded {
    /// Rows and columns.
    size: [usize; 2],
    /// Gray, gray with alpha, RGB, or RGB with alpha.
    channels: usize,
    values: Vec<u8>,
}

impl Decoded {
    fn new(bytes: &[u8]) -> Outcome<Self> {
        match Format::of(bytes) {
            Some(Format::Png) => png::decode(bytes),
            Some(Format::Jpeg) => jpeg::decode(bytes),
            Some(Format::Gif) => gif::decode(bytes),
            Some(Format::Bmp) => bmp::decode(bytes),
            Some(Format::WebP) => webp::decode(bytes),
            None => Err(unknown(&bytes[..bytes.len().min(START)])),
        }
    }

    /// The pixels with 1, 3 or 4 channels.
    fn pixels(&self, channels: usize) -> Outcome<Vec<u8>> {
        let mut pixels = room(self.values.len() / self.channels * channels)?;
        let from = self.values.chunks_exact(self.channels);
        for (to, values) in core::iter::zip(pixels.chunks_exact_mut(channels), from) {
            let [r, g, b, alpha] = match *values {
                [grey] => [grey, grey, grey, u8::MAX],
                [grey, alpha] => [grey, grey, grey, alpha],
                [r, g, b] => [r, g, b, u8::MAX],
                [r, g, b, alpha, ..] => [r, g, b, alpha],
                [] => [0; 4],
            };
            match to {
                [to] => *to = grey(r, g, b),
                [to @ .., to_alpha] if channels == 4 => {
                    to.copy_from_slice(&[r, g, b]);
                    *to_alpha = alpha;
                }
                to => to.copy_from_slice(&[r, g, b]),
            }
        }
        Ok(pixels)
    }
}

/// In units of 1/32768, truncated: the arithmetic of libpng, which TensorFlow uses.
fn grey(r: u8, g: u8, b: u8) -> u8 {
    let sum = 9797 * u32::from(r) + 19234 * u32::from(g) + 3737 * u32::from(b);
    (sum >> 15) as u8
}

/// The message for a file that a decoder rejects.
fn corrupt(format: &'static str) -> impl Fn(&dyn Display) -> String {
    move |error| format!("is not a complete {format} image: {error}")
}

#[cfg(test)]
mod tests;
