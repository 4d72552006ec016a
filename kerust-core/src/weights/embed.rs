//! Weights that are embedded in the program, and checked at compile time.
//!
//! The values of a file become a `static` of the model's type. They are not copied to RAM, need no work at
//! start-up, and take no more flash than the values themselves.

use super::architecture::{is_hexadecimal, layer_difference};
use super::fault::{Fault, Text, number, shown};
use super::fingerprint::fingerprint;
use super::header::{self, LENGTH_BYTES, MOST_TENSORS, Reader, Tensor};
use super::json::Unescaped;
use super::key;
use super::keys::Object;
use super::name::{Name, distance};
use super::numbers::{self, Refused};
use crate::layer::{LayerData, Layout, Part};
use crate::model::{LayerInfo, Model};
use core::mem::MaybeUninit;
use core::slice;

/// The weights of `M` from a safetensors file, for the `static` of `#[weights("path")]`.
///
/// The file can come from `save` or be the state of a training, or be any file with the same names, types and
/// shapes in any order.
///
/// # Panics
/// Panics when `file` is not a complete safetensors file, or does not fit `M`. The message lists the
/// differences. In a `static` this is a compile error on the caller's tokens.
///
/// # Cost
/// At compile time, one pass over the header and a copy of the values. Nothing at run time.
#[track_caller]
pub const fn embedded<M: Model>(path: &str, file: &[u8]) -> M {
    embedded_numbers(path, file, M::NAME, M::LAYERS, M::ACTIVATED)
}

/// Like [`embedded`], for data that are not a [`Model`], such as int8 layers. `layers` are the layers that
/// the file must name, if it names any.
///
/// # Panics
/// Under the same conditions as [`embedded`].
#[track_caller]
pub const fn embedded_data<W: LayerData>(
    path: &str,
    file: &[u8],
    name: &str,
    layers: &[LayerInfo],
) -> W {
    embedded_numbers(path, file, name, layers, false)
}

/// The numbers of an 8-bit model (`is_twin`) are checked too.
#[track_caller]
const fn embedded_numbers<W: LayerData>(
    path: &str,
    file: &[u8],
    name: &str,
    layers: &[LayerInfo],
    is_twin: bool,
) -> W {
    let mut weights = MaybeUninit::<W>::zeroed();
    // SAFETY: zeroed bytes, with the size of the value.
    let target =
        unsafe { slice::from_raw_parts_mut(weights.as_mut_ptr().cast::<u8>(), size_of::<W>()) };
    if let Some(fault) = lay(file, target, &W::LAYOUT, layers, [path, name], is_twin) {
        panic!("{}", fault.as_str());
    }
    // SAFETY: `LayerData` promises that every bit pattern is valid.
    unsafe { weights.assume_init() }
}

/// The maximum number of differences that are listed.
pub(super) const MOST_LISTED: usize = 16;

/// How to load values of other types than the model's.
pub(super) const CONVERSION: &str =
    "`load_converted` reads F16, BF16 and F64 as F32; `save` then writes F32";

/// Writes the tensors of a file to `target` in the order of `layout`, or returns the error.
const fn lay(
    file: &[u8],
    target: &mut [u8],
    layout: &Layout,
    layers: &[LayerInfo],
    [path, model]: [&str; 2],
    is_twin: bool,
) -> Option<Text> {
    if cfg!(target_endian = "big") {
        let text = Text::new()
            .str("`")
            .str(path)
            .str("` holds values with the little end first");
        return Some(text.str(", expected a target that does too"));
    }
    let mut tensors = [Tensor::NONE; MOST_TENSORS];
    let header_len = match header::header_len(file, file.len() as u64) {
        Ok(len) => len,
        Err(fault) => return Some(refusal(&fault, &[], path)),
    };
    let (text, data) = file.split_at(LENGTH_BYTES).1.split_at(header_len);
    let (count, metadata) = match read(text, data.len() as u64, &mut tensors) {
        Ok(read) => read,
        Err(fault) => return Some(refusal(&fault, text, path)),
    };
    let is_state = metadata.string(key::OPTIMIZER).is_some();
    let mut lay = Lay {
        text,
        data,
        tensors: tensors.split_at(count).0,
        met: [false; MOST_TENSORS],
        next: 0,
        target,
        missing: 0,
        is_searched: false,
        is_state,
        convertible: false,
        differences: 0,
        told: mismatch(&metadata, path, model),
    };
    lay.architecture(&metadata, layers);
    let name = Name {
        before: None,
        own: "model",
    };
    let name = if is_state { Some(&name) } else { None };
    lay.layout(layout, 0, name, Pass::Lay);
    if lay.missing > 0 {
        lay.is_searched = lay.count_surplus() <= MOST_NEAR;
        lay.layout(layout, 0, name, Pass::Missing);
    }
    lay.surplus();
    if is_twin && lay.differences == 0 {
        lay.layout(layout, 0, name, Pass::Numbers);
    }
    if lay.differences == 0 {
        return None;
    }
    let mut told = lay.told;
    if lay.differences > MOST_LISTED {
        let more = lay.differences - MOST_LISTED;
        told = told.note("and ").number(more).str(" more");
    }
    if lay.convertible {
        told = told.note(CONVERSION);
    }
    Some(
        told.help("train the model as it is declared here, and save it: `model.save(\"")
            .str(path)
            .str("\")`"),
    )
}

/// Reads the header into `tensors`, and returns their number and the metadata.
const fn read<'a>(
    text: &'a [u8],
    data_len: u64,
    tensors: &mut [Tensor; MOST_TENSORS],
) -> Result<(usize, Object<'a>), Fault> {
    let mut reader = match Reader::new(text) {
        Ok(reader) => reader,
        Err(fault) => return Err(fault),
    };
    let mut count = 0;
    loop {
        match reader.next() {
            Ok(Some(tensor)) => tensors[count] = tensor,
            Ok(None) => break,
            Err(fault) => return Err(fault),
        }
        count += 1;
    }
    let [whole, metadata] = reader.objects();
    if let Some(key) = whole.repeated() {
        return Err(Fault::Repeated(key));
    }
    if let Some(key) = metadata.repeated() {
        return Err(Fault::Repeated(key));
    }
    match header::fill(tensors.split_at_mut(count).0, text, data_len) {
        Some(fault) => Err(fault),
        None => Ok((count, metadata)),
    }
}

const fn refusal(fault: &Fault, header: &[u8], path: &str) -> Text {
    let words = fault.words(header);
    let text = Text::new().str("`").str(path).str("` is ");
    match fault {
        Fault::Length { found, expected } => text
            .str(length_word(*found, *expected))
            .str(": found ")
            .str(words.as_str())
            .help("copy the whole file, or save it again"),
        _ => text
            .str("not a safetensors file: found ")
            .str(words.as_str())
            .help("a trained model saves such a file: `model.save(\"")
            .str(path)
            .str("\")`"),
    }
}

/// Describes a file whose length differs from that in its header.
pub(super) const fn length_word(found: u64, expected: u64) -> &'static str {
    if found < expected {
        "truncated"
    } else {
        "too long"
    }
}

/// The headline of the list of differences.
const fn mismatch(metadata: &Object<'_>, path: &str, model: &str) -> Text {
    let text = Text::new().str("the weights in `").str(path).str("`");
    let text = match metadata.string(key::MODEL) {
        Some(found) => shown(text.str(", of a model `"), found).str("`,"),
        None => text,
    };
    text.str(" do not fit the model `").str(model).str("`")
}

/// The passes over a layout.
#[derive(Clone, Copy)]
enum Pass {
    /// Copies the tensors that fit, and lists the differences of others.
    Lay,
    /// Lists numbers of an 8-bit model that are refused.
    Numbers,
    /// Lists missing tensors. This is the second pass, so that the order is that of the reader at run time.
    Missing,
}

/// The state while a file is copied into a model.
struct Lay<'a> {
    /// The text of the header.
    text: &'a [u8],
    data: &'a [u8],
    /// The tensors of the file, in the order of their values.
    tensors: &'a [Tensor],
    /// Whether each tensor exists in the model.
    met: [bool; MOST_TENSORS],
    /// The most likely next tensor.
    next: usize,
    target: &'a mut [u8],
    missing: usize,
    /// Whether missing tensors are searched under similar names.
    is_searched: bool,
    /// Whether the file is the state of a training, which also has an optimizer's tensors.
    is_state: bool,
    /// Whether an element type differs and can be converted.
    convertible: bool,
    differences: usize,
    told: Text,
}

impl Lay<'_> {
    /// Adds a difference to the list.
    const fn tell(&mut self, difference: Text) {
        self.differences += 1;
        if self.differences <= MOST_LISTED {
            self.told = self.told.note(difference.as_str());
        }
    }

    /// Compares the architecture in a file of kerust.
    const fn architecture(&mut self, metadata: &Object<'_>, layers: &[LayerInfo]) {
        let (Some(format), Some(found)) = (
            metadata.string(key::FORMAT),
            metadata.string(key::ARCHITECTURE),
        ) else {
            return;
        };
        if !format.is(b"kerust") || is_hexadecimal(found, fingerprint(layers)) {
            return;
        }
        let lines = match metadata.string(key::LAYERS) {
            Some(lines) => lines,
            None => Unescaped::plain(""),
        };
        self.tell(layer_difference(lines, layers));
    }

    /// Processes each tensor of a part with this name, which begins at the byte `offset` of the model.
    const fn layout(
        &mut self,
        layout: &Layout,
        offset: usize,
        name: Option<&Name<'_>>,
        pass: Pass,
    ) {
        match (layout, name) {
            (Layout::Tensor(dtype, sizes), Some(name)) => {
                let len = layout.bytes();
                match pass {
                    _ if len == 0 => {}
                    Pass::Lay => self.tensor(name, dtype.name(), sizes, [offset, len]),
                    Pass::Missing => self.missing(name, sizes),
                    Pass::Numbers => {
                        let values = self.target.split_at(offset).1.split_at(len).0;
                        if let Some(refused) = numbers::refused(name.own, values) {
                            self.refuse(name, &refused);
                        }
                    }
                }
            }
            (Layout::Tensor(..), None) => panic!("a model is not a bare array"),
            (Layout::Parts(parts), before) => {
                let mut number = 0;
                while number < parts.len() {
                    let own = parts[number].name;
                    let name = Name { before, own };
                    let offset = offset + parts[number].offset;
                    self.layout(&parts[number].layout, offset, Some(&name), pass);
                    if let Pass::Numbers = pass
                        && number > 0
                    {
                        self.sums([&parts[number - 1], &parts[number]], offset, &name);
                    }
                    number += 1;
                }
            }
        }
    }

    /// Lists a bias with which a sum of the layer's products may overflow. The kernel stands before the bias, which
    /// begins at the byte `offset`.
    const fn sums(&mut self, [kernel, bias]: [&Part; 2], offset: usize, name: &Name<'_>) {
        if !same(kernel.name, "kernel") || !same(bias.name, "bias") {
            return;
        }
        let (Layout::Tensor(..), Layout::Tensor(_, sizes)) = (&kernel.layout, &bias.layout) else {
            return;
        };
        let kernel_offset = offset - bias.offset + kernel.offset;
        let [kernel, bias] = [
            self.target
                .split_at(kernel_offset)
                .1
                .split_at(kernel.layout.bytes())
                .0,
            self.target
                .split_at(offset)
                .1
                .split_at(bias.layout.bytes())
                .0,
        ];
        if let Some(refused) = numbers::overflow(kernel, bias, sizes.len() == 1) {
            self.refuse(name, &refused);
        }
    }

    /// Lists a number that is refused.
    const fn refuse(&mut self, name: &Name<'_>, refused: &Refused) {
        let text = name.write(Text::new().str("tensor `")).str("` ");
        self.tell(refused.words(text));
    }

    /// Copies a tensor of `len` bytes to the byte `offset`, if it has the expected type.
    const fn tensor(
        &mut self,
        name: &Name<'_>,
        expected: &str,
        sizes: &[usize],
        [offset, len]: [usize; 2],
    ) {
        let Some(number) = self.find(name) else {
            self.missing += 1;
            return;
        };
        self.met[number] = true;
        self.next = number + 1;
        let found = &self.tensors[number];
        let dtype = found.dtype();
        if !self.has_sizes(found, sizes) {
            let text = name.write(Text::new().str("tensor `"));
            let text = self.shape_of(text.str("` has another shape: found "), found);
            self.tell(text.str(", expected ").sizes(sizes));
        } else if !same(dtype, expected) {
            let text = name.write(Text::new().str("tensor `"));
            let text = text.str("` has another element type: found ");
            self.convertible |= same(expected, "F32") && is_convertible(dtype);
            self.tell(text.str(dtype).str(", expected ").str(expected));
        } else {
            // The length matches the sizes and the type, because the header has been checked.
            let begin = found.begin as usize;
            let values = self.data.split_at(begin).1.split_at(len).0;
            let target = self.target.split_at_mut(offset).1.split_at_mut(len).0;
            target.copy_from_slice(values);
        }
    }

    /// Reports that a tensor is missing, or that it is there under a similar name.
    const fn missing(&mut self, name: &Name<'_>, sizes: &[usize]) {
        if self.find(name).is_some() {
            return;
        }
        let (mut nearest, mut least, mut number) = (None, name.len() / 2 + 1, 0);
        while number < self.tensors.len() && self.is_searched {
            let tensor = &self.tensors[number];
            if self.is_surplus(number) && self.has_sizes(tensor, sizes) {
                let found = distance(tensor.name.string(self.text), name, least);
                if found < least {
                    (nearest, least) = (Some(number), found);
                }
            }
            number += 1;
        }
        let text = name.write(Text::new().str("tensor `"));
        match nearest {
            Some(number) => {
                self.met[number] = true;
                let found = self.tensors[number].name.string(self.text);
                self.tell(shown(text.str("` is misnamed: found `"), found).str("`"));
            }
            None => self.tell(text.str("` is missing: expected shape ").sizes(sizes)),
        }
    }

    /// The index of the tensor with this name. The search starts at `next`, because most files have the
    /// model's order.
    const fn find(&self, name: &Name<'_>) -> Option<usize> {
        let hash = name.hash();
        let (mut number, mut left) = (self.next, self.tensors.len());
        while left > 0 {
            if number >= self.tensors.len() {
                number = 0;
            }
            let tensor = &self.tensors[number];
            if tensor.hash == hash && name.is(tensor.name.string(self.text)) {
                return Some(number);
            }
            number += 1;
            left -= 1;
        }
        None
    }

    /// Lists the tensors that the model does not have.
    const fn surplus(&mut self) {
        let mut number = 0;
        while number < self.tensors.len() {
            if self.is_surplus(number) {
                let tensor = &self.tensors[number];
                let text = shown(Text::new().str("tensor `"), tensor.name.string(self.text));
                let text = text.str("` is not expected: found shape ");
                self.tell(self.shape_of(text, tensor));
            }
            number += 1;
        }
    }

    const fn count_surplus(&self) -> usize {
        let (mut count, mut number) = (0, 0);
        while number < self.tensors.len() {
            count += self.is_surplus(number) as usize;
            number += 1;
        }
        count
    }

    const fn is_surplus(&self, number: usize) -> bool {
        let mut name = self.tensors[number].name.string(self.text);
        let is_met = self.met[number];
        let is_expected = is_met || (self.is_state && name.take(key::OPTIMIZERS.as_bytes()));
        !is_expected
    }

    const fn has_sizes(&self, found: &Tensor, sizes: &[usize]) -> bool {
        let (mut found, mut axis) = (found.sizes(self.text), 0);
        while let Some(size) = found.next() {
            if axis == sizes.len() || size != sizes[axis] as u64 {
                return false;
            }
            axis += 1;
        }
        axis == sizes.len()
    }

    /// Appends the shape of `tensor`.
    const fn shape_of(&self, mut text: Text, tensor: &Tensor) -> Text {
        let (mut sizes, mut axis) = (tensor.sizes(self.text), 0);
        text = text.str("(");
        while let Some(size) = sizes.next() {
            text = text.str(if axis > 0 { ", " } else { "" });
            if axis == MOST_AXES {
                text = text.str("..");
                break;
            }
            text = number(text, size);
            axis += 1;
        }
        text.str(")")
    }
}

/// The maximum number of surplus tensors among which a missing one is searched under a similar name.
pub(super) const MOST_NEAR: usize = 256;

/// The maximum number of axes of a shape that are shown.
pub(super) const MOST_AXES: usize = 8;

/// Whether values of this type can be converted to F32 on request.
pub(super) const fn is_convertible(dtype: &str) -> bool {
    matches!(dtype.as_bytes(), b"F16" | b"BF16" | b"F64")
}

const fn same(a: &str, b: &str) -> bool {
    Unescaped::plain(a).is(b.as_bytes())
}
