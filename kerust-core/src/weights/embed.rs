//! Weights in the program: checked and laid out while compiling.
//!
//! A file's values become a `static` of the model's type: no copy to RAM, no work at start-up, and
//! in flash nothing but the values.

use super::architecture::{is_hexadecimal, layer_difference, utf8};
use super::fingerprint::fingerprint;
use super::header::{
    Broken, Header, LENGTH_BYTES, MOST_TENSORS, NO_HASH, Sizes, Tensor, equal, hash,
};
use super::key;
use crate::layer::{LayerData, Layout};
use crate::model::{LayerInfo, Model};
use crate::shape;
use core::mem::MaybeUninit;
use core::slice;

/// The weights of `M` in a safetensors file, for the `static` of `#[weights("path")]`.
///
/// The file is one that `save` or a training's state wrote, or any with the same names, types and
/// shapes, in any order.
///
/// # Panics
/// When `file` is no whole safetensors file, or does not fit `M`; the message lists the differences.
/// In a `static` this is a compile error on the caller's tokens.
///
/// # Cost
/// While compiling, one pass over the header and a copy of the values; nothing at run time.
#[track_caller]
pub const fn embedded<M: Model>(path: &str, file: &[u8]) -> M {
    embedded_data(path, file, M::NAME, M::LAYERS)
}

/// [`embedded`] for data that is no [`Model`], such as that of layers of int8: `layers` are those that
/// the file is to name, if it names any.
///
/// # Panics
/// As [`embedded`].
#[track_caller]
pub const fn embedded_data<W: LayerData>(
    path: &str,
    file: &[u8],
    name: &str,
    layers: &[LayerInfo],
) -> W {
    assert!(size_of::<W>() == W::LAYOUT.bytes());
    let mut weights = MaybeUninit::<W>::zeroed();
    // SAFETY: zeroed bytes, as many as there are.
    let target =
        unsafe { slice::from_raw_parts_mut(weights.as_mut_ptr().cast::<u8>(), size_of::<W>()) };
    if let Some(fault) = lay(file, target, &W::LAYOUT, layers, path, name) {
        panic!("{}", fault.as_str());
    }
    // SAFETY: `LayerData` promises that every bit pattern is valid.
    unsafe { weights.assume_init() }
}

/// A message, or one difference of it.
pub(super) type Text = shape::Text<4096>;

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

    const fn hash(&self) -> u64 {
        let before = match self.before {
            None => NO_HASH,
            Some(before) => hash(before.hash(), b"."),
        };
        hash(before, self.own.as_bytes())
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
            (Layout::Tensor(dtype, sizes), Some(name)) => {
                let len = layout.bytes();
                if len > 0 {
                    self.tensor(name, dtype.name(), sizes, len);
                }
                self.place += len;
            }
            (Layout::Tensor(..), None) => panic!("a model is no bare array"),
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

    /// Lays one tensor of `len` bytes, and of the type that is expected.
    const fn tensor(&mut self, name: &Name<'_>, expected: &str, sizes: &[usize], len: usize) {
        let header = self.header;
        let Some(number) = self.find(name) else {
            let text = name.write(Text::new().str("tensor `"));
            self.tell(text.str("` is missing: expected shape ").sizes(sizes));
            return;
        };
        self.met[number] = true;
        self.next = number + 1;
        let found = &header.tensors[number];
        let dtype = header.piece(found.dtype);
        if !same_sizes(header.sizes(found), sizes) {
            let text = name.write(Text::new().str("tensor `"));
            let text = shape_of(text.str("` has another shape: found "), header, found);
            self.tell(text.str(", expected ").sizes(sizes));
        } else if !equal(dtype, expected.as_bytes()) {
            let text = name.write(Text::new().str("tensor `"));
            let text = text.str("` has another element type: found ");
            let text = text.str(utf8(dtype)).str(", expected ");
            self.tell(text.str(expected));
        } else if found.end - found.begin != len {
            let text = name.write(Text::new().str("tensor `"));
            let text = text.str("` has another length: found ");
            let text = text.number(found.end - found.begin);
            self.tell(text.str(" bytes, expected ").number(len));
        } else {
            let values = header.data.split_at(found.begin).1.split_at(len).0;
            let target = self.target.split_at_mut(self.place).1.split_at_mut(len).0;
            target.copy_from_slice(values);
        }
    }

    /// The number of the tensor called `name`. It is looked for from `next` on, for most files have
    /// the model's order.
    const fn find(&self, name: &Name<'_>) -> Option<usize> {
        let (header, hash) = (self.header, name.hash());
        let (mut number, mut left) = (self.next, header.count);
        while left > 0 {
            if number >= header.count {
                number = 0;
            }
            let tensor = &header.tensors[number];
            if tensor.hash == hash && name.is(header.piece(tensor.name)) {
                return Some(number);
            }
            number += 1;
            left -= 1;
        }
        None
    }

    /// Lists the tensors that the model has not; a training's state has those of an optimizer too.
    const fn surplus(&mut self, is_state: bool) {
        let header = self.header;
        let mut number = 0;
        while number < header.count {
            if !self.met[number] {
                let tensor = &header.tensors[number];
                let name = header.piece(tensor.name);
                let slot = matches!(name.split_first_chunk(), Some((b"optimizer.", _)));
                if !(is_state && slot) {
                    let text = Text::new().str("tensor `").str(utf8(name));
                    let text = text.str("` is not expected: found shape ");
                    self.tell(shape_of(text, header, tensor));
                }
            }
            number += 1;
        }
    }
}

const fn same_sizes(mut found: Sizes<'_>, sizes: &[usize]) -> bool {
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
const fn shape_of(text: Text, header: &Header<'_>, tensor: &Tensor) -> Text {
    let (mut sizes, mut rank) = ([0; 8], 0);
    let mut shape = header.sizes(tensor);
    while let (Some(size), true) = (shape.next(), rank < sizes.len()) {
        sizes[rank] = size;
        rank += 1;
    }
    text.sizes(sizes.split_at(rank).0)
}
