//! Help texts that say how to fix a layer that does not fit.

use super::fault::kind;
use super::{Shape, Text};

/// For a layer that takes another rank.
pub(super) const fn mend_rank(text: Text, found: usize, expected: usize, declared: &str) -> Text {
    match (expected, found) {
        (1, 3) => text
            .help("flatten it first: `=> Flatten => ")
            .str(declared)
            .str("`")
            .help("or average over the pixels: `=> GlobalAveragePooling2D => ")
            .str(declared)
            .str("`")
            .help("or apply it to each pixel, as `Conv2D(n, 1x1)`"),
        (1, _) => text
            .help("flatten it first: `=> Flatten => ")
            .str(declared)
            .str("`"),
        (3, 2) => text
            .help("an image is (height, width, channels): give it one channel: `=> Reshape(h, w, 1) => ")
            .str(declared)
            .str("`"),
        (3, 1) => text
            .help("an image is (height, width, channels): put the layer before the `Flatten`, or reshape the vector: `=> Reshape(h, w, c) => ")
            .str(declared)
            .str("`"),
        _ => text.help("an image is (height, width, channels)"),
    }
}

/// For a layer that takes (steps, features).
pub(super) const fn mend_sequence(
    text: Text,
    found: Shape,
    declared: &str,
    previous: &str,
) -> Text {
    match found.rank() {
        1 if is_recurrent(previous) => {
            let (before, end) = previous.split_at(end_of_recurrent(previous));
            text.help("let the layer before it return the output of every step: `")
                .str(before)
                .str(", return_sequences = true")
                .str(end)
                .str("`")
        }
        1 => text
            .help("a sequence is (steps, features): reshape the vector: `=> Reshape(steps, features) => ")
            .str(declared)
            .str("`")
            .help("or repeat it at each step: `=> RepeatVector(steps) => ")
            .str(declared)
            .str("`"),
        3 => text
            .help("a sequence is (steps, features): take each row of the image as a step: `=> Reshape(")
            .number(found.dim(0))
            .str(", -1) => ")
            .str(declared)
            .str("`"),
        _ => text.help("a sequence is (steps, features)"),
    }
}

/// For a window that is longer than the sequence.
pub(super) const fn window_of_steps(
    text: Text,
    word: &str,
    [size, span]: [usize; 2],
    found: Shape,
    previous: &str,
) -> Text {
    let text = text.str(word).str(" ").number(size);
    let text = if span != size {
        text.str(", dilated to ").number(span).str(",")
    } else {
        text
    };
    let text = text
        .str(" does not fit ")
        .number(found.dim(0))
        .str(" steps under `valid` padding")
        .origin(found, previous);
    if span != size {
        text.help("write `same`, or a smaller `dilation_rate`")
    } else {
        text.help("write `same`, or a ")
            .str(word)
            .str(" of at most ")
            .number(found.dim(0))
    }
}

const fn is_recurrent(declared: &str) -> bool {
    matches!(
        kind(declared).as_bytes(),
        b"SimpleRNN" | b"LSTM" | b"GRU" | b"Bidirectional"
    )
}

/// The position at which the arguments of a recurrent layer end, in `LSTM(16)` and in
/// `Bidirectional(LSTM(16), sum)`.
const fn end_of_recurrent(declared: &str) -> usize {
    let bytes = declared.as_bytes();
    let innermost = if matches!(kind(declared).as_bytes(), b"Bidirectional") {
        2
    } else {
        1
    };
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'(' => depth += 1,
            b')' if depth == innermost => return at,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
