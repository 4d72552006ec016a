//! What a header says of the architecture, compared while compiling with a model's layers.

use super::embed::Text;
use super::header::equal;
use crate::model::LayerInfo;

/// The first layer in which the file's lines differ from those of a model's layers.
pub(super) const fn layer_difference(lines: &[u8], layers: &[LayerInfo]) -> Text {
    let (mut rest, mut place) = (Some(lines), 0);
    loop {
        while place < layers.len() && layers[place].training_only {
            place += 1;
        }
        let (found, behind) = match rest {
            Some([]) | None => (None, None),
            Some(lines) => first_line(lines),
        };
        let expected = if place < layers.len() {
            Some(line(&layers[place]))
        } else {
            None
        };
        let same = match (found, &expected) {
            (Some(found), Some(expected)) => is_escaped(found, expected.as_str()),
            (None, None) => {
                return Text::new()
                    .str("the architecture's fingerprint differs, though no layer's text does");
            }
            _ => false,
        };
        if !same {
            let text = Text::new().str("the architecture differs first at a layer: found ");
            let text = match found {
                Some(found) => text.str("`").str(utf8(found)).str("`"),
                None => text.str("no further layer"),
            };
            let text = text.str(", expected ");
            return match expected {
                Some(expected) => text.str("`").str(expected.as_str()).str("`"),
                None => text.str("no further layer"),
            };
        }
        rest = behind;
        place += 1;
    }
}

/// What a file says of a layer: see `layer_lines`.
const fn line(layer: &LayerInfo) -> Text {
    let text = Text::new().str(layer.name).str(": ").str(layer.declared);
    let text = text.str(" ").shape(layer.input);
    text.str(" -> ").shape(layer.output)
}

/// What stands before the first line's end, which is `\n` in JSON, and behind it.
const fn first_line(lines: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let mut place = 0;
    while place + 1 < lines.len() {
        if lines[place] == b'\\' {
            if lines[place + 1] == b'n' {
                let (line, behind) = lines.split_at(place);
                return (Some(line), Some(behind.split_at(2).1));
            }
            place += 1;
        }
        place += 1;
    }
    (Some(lines), None)
}

/// Whether JSON's `escaped` stands for `text`, as far as quotation marks and backslashes go.
const fn is_escaped(escaped: &[u8], text: &str) -> bool {
    let text = text.as_bytes();
    let (mut at, mut place) = (0, 0);
    while at < escaped.len() && place < text.len() {
        if escaped[at] == b'\\' && at + 1 < escaped.len() {
            at += 1;
        }
        if escaped[at] != text[place] {
            return false;
        }
        at += 1;
        place += 1;
    }
    at == escaped.len() && place == text.len()
}

/// Whether `text` is `number` in 16 hexadecimal digits.
pub(super) const fn is_hexadecimal(text: &[u8], number: u64) -> bool {
    let mut digits = [0; 16];
    let mut place = 0;
    while place < digits.len() {
        digits[place] = b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize];
        place += 1;
    }
    equal(text, &digits)
}

/// Bytes of the file as text.
pub(super) const fn utf8(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "..",
    }
}
