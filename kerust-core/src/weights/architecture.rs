//! Compares the architecture in a file's header with a model's layers at compile time.

use super::fault::{Text, shown};
use super::json::Unescaped;
use crate::model::LayerInfo;

/// The first layer in which the file's description differs from the model's layers.
pub(super) const fn layer_difference(mut lines: Unescaped<'_>, layers: &[LayerInfo]) -> Text {
    let mut place = 0;
    loop {
        while place < layers.len() && layers[place].training_only {
            place += 1;
        }
        let line = if place < layers.len() {
            Some(line(&layers[place]))
        } else {
            None
        };
        let found = lines;
        let same = match &line {
            Some(line) => !found.is_empty() && take_line(&mut lines, line.as_str()),
            None if found.is_empty() => {
                return Text::new()
                    .str("the architecture's fingerprint differs, though no layer's text does");
            }
            None => false,
        };
        if !same {
            let text = Text::new().str("the architecture differs first at a layer: found ");
            let text = if found.is_empty() {
                text.str("no further layer")
            } else {
                shown(text.str("`"), found.line()).str("`")
            };
            let text = text.str(", expected ");
            return match line {
                Some(line) => shown(text.str("`"), Unescaped::plain(line.as_str())).str("`"),
                None => text.str("no further layer"),
            };
        }
        place += 1;
    }
}

/// Whether a line equals `expected`. The line is consumed with its line break.
const fn take_line(lines: &mut Unescaped<'_>, expected: &str) -> bool {
    lines.take(expected.as_bytes()) && matches!(lines.next(), None | Some(b'\n'))
}

/// The description of a layer in a file; see `layer_lines`.
const fn line(layer: &LayerInfo) -> Text {
    let text = Text::new().str(layer.name).str(": ").str(layer.declared);
    let text = text.str(" ").shape(layer.input);
    text.str(" -> ").shape(layer.output)
}

/// Whether `text` is `number` as 16 hexadecimal digits.
pub(super) const fn is_hexadecimal(text: Unescaped<'_>, number: u64) -> bool {
    let mut digits = [0; 16];
    let mut place = 0;
    while place < digits.len() {
        digits[place] = b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize];
        place += 1;
    }
    text.is(&digits)
}
