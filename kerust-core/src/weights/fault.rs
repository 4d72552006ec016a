//! Errors of incomplete safetensors files, with the same messages at compile time and at run time.

use super::header::{LENGTH_BYTES, MOST_HEADER_BYTES, MOST_TENSORS};
use super::json::{Piece, Unescaped};
use crate::shape;

/// A message, or one difference of it.
pub(super) type Text = shape::Text<4096>;

/// The maximum number of bytes of a name in a file that are shown.
const MOST_SHOWN: usize = 256;

/// The reason why a file is not a valid safetensors file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Another kind of file.
    Kind(&'static str),
    /// A file of Keras's.
    Keras(&'static str),
    /// An unknown kind of file, with its first bytes.
    Start {
        bytes: [u8; LENGTH_BYTES],
        len: usize,
    },
    /// The file has this length, but its header gives another one.
    Length { found: u64, expected: u64 },
    /// The header has more than [`MOST_HEADER_BYTES`].
    LargeHeader { found: u64 },
    /// A syntax error at this byte of the file.
    Json {
        place: usize,
        expected: &'static str,
    },
    /// There are more than [`MOST_TENSORS`].
    Crowded,
    /// A key occurs twice.
    Repeated(Piece),
    /// A tensor does not begin where the one before it ends.
    Begin {
        name: Piece,
        found: u64,
        expected: u64,
    },
    /// The space of a tensor in the file differs from the size of its values; `None` means that the size
    /// overflows.
    Bytes {
        name: Piece,
        found: u64,
        expected: Option<u64>,
    },
}

impl Fault {
    /// The kind of a file that does not start like a safetensors file.
    pub(super) const fn of_other_kind(first: &[u8]) -> Self {
        match first {
            [] => Self::Kind("an empty file"),
            [0x89, b'H', b'D', b'F', ..] => Self::Keras("an HDF5 file"),
            [b'P', b'K', 3, 4, ..] => Self::Keras("a zip archive"),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Self::Kind("a NumPy array"),
            [b'v', b'e', b'r', b's', b'i', b'o', b'n', b' ', ..] => {
                Self::Kind("a pointer of Git LFS")
            }
            _ => {
                let (mut bytes, mut len) = ([0; LENGTH_BYTES], 0);
                while len < first.len() && len < bytes.len() {
                    bytes[len] = first[len];
                    len += 1;
                }
                Self::Start { bytes, len }
            }
        }
    }

    /// The message: what was found and what was expected. `header` is the text of the header.
    pub(super) const fn words(&self, header: &[u8]) -> Text {
        const START: &str = ", expected the length of a JSON header, then the header";
        let text = Text::new();
        match *self {
            Self::Kind(kind) => text.str(kind).str(START),
            Self::Keras(kind) => text.str(kind).str(START).str(
                "; `weights::keras::load`, with the feature `keras`, reads the files of Keras",
            ),
            Self::Start { bytes, len } => {
                let (mut text, mut place) = (text.str("the first bytes ["), 0);
                while place < len {
                    text = text.str(if place > 0 { ", " } else { "" });
                    text = hexadecimal(text, bytes[place]);
                    place += 1;
                }
                text.str("]").str(START)
            }
            Self::Length { found, expected } => number(
                number(text, found).str(" bytes, its header promises "),
                expected,
            ),
            Self::LargeHeader { found } => {
                let text = number(text.str("a header of "), found);
                number(text.str(" bytes, expected at most "), MOST_HEADER_BYTES)
            }
            Self::Json { place, expected } => text
                .str("a header with a fault at byte ")
                .number(place)
                .str(", expected ")
                .str(expected),
            Self::Crowded => text
                .str("more than ")
                .number(MOST_TENSORS)
                .str(" tensors, expected at most so many"),
            Self::Repeated(name) => {
                let text = shown(text.str("`"), name.string(header));
                text.str("` twice in the header, expected each name once")
            }
            Self::Begin {
                name,
                found,
                expected,
            } => {
                let text = shown(text.str("tensor `"), name.string(header));
                let text = number(text.str("` at byte "), found);
                let text = number(text.str(" of the values, expected byte "), expected);
                text.str(", where the tensor before it ends")
            }
            Self::Bytes {
                name,
                found,
                expected,
            } => {
                let text = shown(text.str("tensor `"), name.string(header));
                let text = number(text.str("` of "), found).str(" bytes, expected ");
                match expected {
                    Some(expected) => {
                        number(text, expected).str(", as its shape and element type say")
                    }
                    None => text.str("a shape of whole bytes that a file can hold"),
                }
            }
        }
    }
}

/// Appends a number of any size.
pub(super) const fn number(text: Text, found: u64) -> Text {
    const TEN_DIGITS: u64 = 10_000_000_000;
    // On a 32-bit target it may not fit `usize`.
    if found as usize as u64 == found {
        return text.number(found as usize);
    }
    let (mut text, mut rest) = (number(text, found / TEN_DIGITS), found % TEN_DIGITS);
    let mut unit = TEN_DIGITS / 10;
    while unit > 0 {
        text = text.number((rest / unit) as usize);
        rest %= unit;
        unit /= 10;
    }
    text
}

/// Appends a string from a file. Control characters are escaped as in Rust, and long strings are truncated.
pub(super) const fn shown(mut text: Text, mut found: Unescaped<'_>) -> Text {
    let (mut bytes, mut len, mut passed) = ([0u8; MOST_SHOWN + 4], 0, 0);
    while let Some(byte) = found.next() {
        let is_boundary = byte & 0xc0 != 0x80;
        passed += 1;
        if is_boundary && passed > MOST_SHOWN {
            return text.str(utf8(bytes.split_at(len).0)).str("..");
        }
        if byte < b' ' || byte == 0x7f {
            text = text.str(utf8(bytes.split_at(len).0)).str("\\u{");
            text = hexadecimal(text, byte).str("}");
            len = 0;
        } else {
            bytes[len] = byte;
            len += 1;
        }
    }
    text.str(utf8(bytes.split_at(len).0))
}

const fn hexadecimal(text: Text, byte: u8) -> Text {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = [DIGITS[byte as usize >> 4], DIGITS[byte as usize & 15]];
    text.str(utf8(&digits))
}

const fn utf8(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "..",
    }
}
