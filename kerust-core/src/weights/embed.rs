//! Weights in the program: checked and laid out while compiling.
//!
//! A file's values become a `static` of the model's type: no copy to RAM, no work at start-up, and
//! in flash nothing but the values.

use super::fingerprint::fingerprint;
use super::header::{Broken, Header, LENGTH_BYTES, MOST_TENSORS, Numbers, Tensor, equal};
use super::key;
use crate::layer::Layout;
use crate::model::{LayerInfo, Model};
use crate::shape;
use core::mem::MaybeUninit;
use core::slice;

/// The weights of `M` in a safetensors file, for the `static` of `#[weights("path")]`.
///
/// The file is one that `save` or a training's state wrote, or any with the same names and shapes,
/// in any order.
///
/// # Panics
/// When `file` is no whole safetensors file, or does not fit `M`; the message lists the differences.
/// In a `static` this is a compile error on the caller's tokens.
///
/// # Cost
/// While compiling, one pass over the header and a copy of the values; nothing at run time.
#[track_caller]
pub const fn embedded<M: Model>(path: &str, file: &[u8]) -> M {
    assert!(size_of::<M>() == ELEMENT.bytes * M::LAYOUT.len());
    let mut weights = MaybeUninit::<M>::zeroed();
    // SAFETY: zeroed bytes, as many as there are.
    let target =
        unsafe { slice::from_raw_parts_mut(weights.as_mut_ptr().cast::<u8>(), size_of::<M>()) };
    if let Some(fault) = lay(file, target, &M::LAYOUT, M::LAYERS, path, M::NAME) {
        panic!("{}", fault.as_str());
    }
    // SAFETY: `LayerData` promises that every bit pattern is valid.
    unsafe { weights.assume_init() }
}

/// The element of a model's arrays.
struct Element {
    /// What safetensors calls it.
    name: &'static str,
    bytes: usize,
}

const ELEMENT: Element = Element {
    name: "F32",
    bytes: size_of::<f32>(),
};

/// A message, or one difference of it.
type Text = shape::Text<4096>;

/// The differences that are listed at most.
const MOST_LISTED: usize = 16;

/// Writes the tensors of a file to `target` in the order of `layout`, or says why not.
const fn lay(
    file: &[u8],
    target: &mut [u8],
    layout: &Layout,
    layers: &[LayerInfo],
    path: &str,
    model: &str,
) -> Option<Text> {
    if cfg!(target_endian = "big") {
        let text = Text::new()
            .str("`")
            .str(path)
            .str("` holds values with the little end first");
        return Some(text.str(", expected a target that does too"));
    }
    let header = match Header::read(file) {
        Ok(header) => header,
        Err(broken) => return Some(broken_text(broken, path)),
    };
    let is_state = header.metadata("training.optimizer").is_some();
    let mut lay = Lay {
        header: &header,
        met: [false; MOST_TENSORS],
        next: 0,
        target,
        place: 0,
        differences: 0,
        text: mismatch(&header, path, model),
    };
    lay.architecture(layers);
    let model = Name {
        before: None,
        own: "model",
    };
    lay.layout(layout, if is_state { Some(&model) } else { None });
    lay.surplus(is_state);
    if lay.differences == 0 {
        return None;
    }
    let mut text = lay.text;
    if lay.differences > MOST_LISTED {
        let more = lay.differences - MOST_LISTED;
        text = text.note("and ").number(more).str(" more");
    }
    Some(
        text.help("train the model as it is declared here, and save it: `model.save(\"")
            .str(path)
            .str("\")`"),
    )
}

const fn broken_text(broken: Broken, path: &str) -> Text {
    let text = Text::new().str("`").str(path).str("` is ");
    let text = match broken {
        Broken::Length { found, expected } => {
            let word = if found < expected {
                "truncated"
            } else {
                "too long"
            };
            return text
                .str(word)
                .str(": found ")
                .number(found)
                .str(" bytes, its header promises ")
                .number(expected)
                .help("copy the whole file, or save it again");
        }
        Broken::Kind(kind) => text.str("no safetensors file: found ").str(kind),
        Broken::Json(LENGTH_BYTES) => text.str("no safetensors file: found other bytes"),
        Broken::Json(place) => text
            .str("no safetensors file: found a header with a fault at byte ")
            .number(place),
        Broken::Crowded => text
            .str("no file of a model: found more than ")
            .number(MOST_TENSORS)
            .str(" tensors"),
    };
    text.str(", expected the length of a JSON header, then the header")
        .help("a trained model saves such a file: `model.save(\"")
        .str(path)
        .str("\")`")
}

/// What the list of differences stands under.
const fn mismatch(header: &Header<'_>, path: &str, model: &str) -> Text {
    let text = Text::new().str("the weights in `").str(path).str("`");
    let text = match header.metadata(key::MODEL) {
        Some(found) => text.str(", of a model `").str(utf8(found)).str("`,"),
        None => text,
    };
    text.str(" do not fit the model `").str(model).str("`")
}

/// A tensor's name: the names of the parts on the way to it, joined by dots.
#[derive(Clone, Copy)]
struct Name<'a> {
    before: Option<&'a Name<'a>>,
    own: &'a str,
}

impl Name<'_> {
    const fn is(&self, name: &[u8]) -> bool {
        let own = self.own.as_bytes();
        if name.len() < own.len() {
            return false;
        }
        let (rest, end) = name.split_at(name.len() - own.len());
        equal(end, own)
            && match (self.before, rest) {
                (None, rest) => rest.is_empty(),
                (Some(before), [rest @ .., b'.']) => before.is(rest),
                (Some(_), _) => false,
            }
    }

    const fn write(&self, text: Text) -> Text {
        match self.before {
            None => text.str(self.own),
            Some(before) => before.write(text).str(".").str(self.own),
        }
    }
}

/// A file on its way into a model.
struct Lay<'a> {
    header: &'a Header<'a>,
    /// Which of the file's tensors the model has.
    met: [bool; MOST_TENSORS],
    /// The tensor that most likely comes next.
    next: usize,
    target: &'a mut [u8],
    /// Bytes of the model that are passed.
    place: usize,
    differences: usize,
    text: Text,
}

impl Lay<'_> {
    /// Lists a difference.
    const fn tell(&mut self, difference: Text) {
        self.differences += 1;
        if self.differences <= MOST_LISTED {
            self.text = self.text.note(difference.as_str());
        }
    }

    /// Compares what a file of kerust's says of the architecture.
    const fn architecture(&mut self, layers: &[LayerInfo]) {
        let (Some(format), Some(found)) = (
            self.header.metadata(key::FORMAT),
            self.header.metadata(key::ARCHITECTURE),
        ) else {
            return;
        };
        if !equal(format, b"kerust") || is_hexadecimal(found, fingerprint(layers)) {
            return;
        }
        let lines = match self.header.metadata(key::LAYERS) {
            Some(lines) => lines,
            None => &[],
        };
        self.tell(layer_difference(lines, layers));
    }

    /// Lays each tensor of a part called `name`.
    const fn layout(&mut self, layout: &Layout, name: Option<&Name<'_>>) {
        match (layout, name) {
            (Layout::Tensor(sizes), Some(name)) => {
                let len = ELEMENT.bytes * layout.len();
                if len > 0 {
                    self.tensor(name, sizes, len);
                }
                self.place += len;
            }
            (Layout::Tensor(_), None) => panic!("a model is no bare array"),
            (Layout::Parts(parts), before) => {
                let mut number = 0;
                while number < parts.len() {
                    let own = parts[number].name;
                    self.layout(&parts[number].layout, Some(&Name { before, own }));
                    number += 1;
                }
            }
        }
    }

    /// Lays one tensor of `len` bytes.
    const fn tensor(&mut self, name: &Name<'_>, sizes: &[usize], len: usize) {
        let text = name.write(Text::new().str("tensor `"));
        let Some(number) = self.find(name) else {
            self.tell(text.str("` is missing: expected shape ").sizes(sizes));
            return;
        };
        self.met[number] = true;
        self.next = number + 1;
        let found = self.header.tensor(number);
        if !same_sizes(found.shape, sizes) {
            let text = shape_of(text.str("` has another shape: found "), found);
            self.tell(text.str(", expected ").sizes(sizes));
        } else if !equal(found.dtype, ELEMENT.name.as_bytes()) {
            let text = text.str("` has another element type: found ");
            let text = text.str(utf8(found.dtype)).str(", expected ");
            self.tell(text.str(ELEMENT.name));
        } else if found.end - found.begin != len {
            let text = text.str("` has another length: found ");
            let text = text
                .number(found.end - found.begin)
                .str(" bytes, expected ");
            self.tell(text.number(len));
        } else {
            let values = self.header.data.split_at(found.begin).1.split_at(len).0;
            let target = self.target.split_at_mut(self.place).1.split_at_mut(len).0;
            target.copy_from_slice(values);
        }
    }

    /// The number of the tensor called `name`. It is looked for from `next` on, for most files have
    /// the model's order.
    const fn find(&self, name: &Name<'_>) -> Option<usize> {
        let count = self.header.count;
        let mut passed = 0;
        while passed < count {
            let number = (self.next + passed) % count;
            if name.is(self.header.name(number)) {
                return Some(number);
            }
            passed += 1;
        }
        None
    }

    /// Lists the tensors that the model has not; a training's state has those of an optimizer too.
    const fn surplus(&mut self, is_state: bool) {
        let mut number = 0;
        while number < self.header.count {
            let tensor = self.header.tensor(number);
            let (slot, name) = (b"optimizer.", tensor.name);
            let is_slot =
                is_state && name.len() > slot.len() && equal(name.split_at(slot.len()).0, slot);
            if !self.met[number] && !is_slot {
                let text = Text::new().str("tensor `").str(utf8(name));
                self.tell(shape_of(
                    text.str("` is not expected: found shape "),
                    tensor,
                ));
            }
            number += 1;
        }
    }
}

/// The first layer in which the file's lines differ from those of a model's layers.
const fn layer_difference(lines: &[u8], layers: &[LayerInfo]) -> Text {
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
const fn is_hexadecimal(text: &[u8], number: u64) -> bool {
    let mut digits = [0; 16];
    let mut place = 0;
    while place < digits.len() {
        digits[place] = b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize];
        place += 1;
    }
    equal(text, &digits)
}

const fn same_sizes(mut found: Numbers<'_>, sizes: &[usize]) -> bool {
    let mut axis = 0;
    while let Some(size) = found.next() {
        if axis == sizes.len() || size != sizes[axis] {
            return false;
        }
        axis += 1;
    }
    axis == sizes.len()
}

/// Appends the shape of `tensor`.
const fn shape_of(text: Text, tensor: Tensor<'_>) -> Text {
    let (mut sizes, mut rank) = ([0; 8], 0);
    let mut shape = tensor.shape;
    while let (Some(size), true) = (shape.next(), rank < sizes.len()) {
        sizes[rank] = size;
        rank += 1;
    }
    text.sizes(sizes.split_at(rank).0)
}

/// Bytes of the file as text.
const fn utf8(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "..",
    }
}
