//! Reads the header of a safetensors file without a heap. The same functions run at compile time for embedded
//! files, and at run time.
//!
//! A file starts with the length of the header as eight little-endian bytes. Then comes the header, a JSON
//! object with a member for each tensor, and then the values of the tensors, without gaps.

use super::fault::Fault;
use super::json::{Cursor, NO_HASH, Piece, Unescaped};
use super::keys::Object;

/// The size in bytes of the header's length, with which a file starts.
pub(super) const LENGTH_BYTES: usize = 8;

/// The maximum number of tensors.
pub(super) const MOST_TENSORS: usize = 8192;

/// The maximum length of a header in bytes, as in Python's `safetensors`.
pub(super) const MOST_HEADER_BYTES: u64 = 100_000_000;

/// The element types of safetensors, and the number of bits of a value.
const DTYPES: [(&str, u64); 22] = [
    ("F32", 32),
    ("I8", 8),
    ("I32", 32),
    ("F16", 16),
    ("BF16", 16),
    ("F64", 64),
    ("BOOL", 8),
    ("F4", 4),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("U8", 8),
    ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8),
    ("F8_E4M3FNUZ", 8),
    ("F8_E5M2FNUZ", 8),
    ("I16", 16),
    ("U16", 16),
    ("U32", 32),
    ("C64", 64),
    ("I64", 64),
    ("U64", 64),
];

/// The length of the header of a file with `file_len` bytes. `first` is the start of the file: at least nine
/// bytes, or the whole file.
pub(super) const fn header_len(first: &[u8], file_len: u64) -> Result<usize, Fault> {
    let length = match first.split_first_chunk::<LENGTH_BYTES>() {
        Some((length, [b'{', ..])) => u64::from_le_bytes(*length),
        _ => return Err(Fault::of_other_kind(first)),
    };
    if length > MOST_HEADER_BYTES {
        return Err(Fault::LargeHeader { found: length });
    }
    let expected = length + LENGTH_BYTES as u64;
    if expected > file_len {
        return Err(Fault::Length {
            found: file_len,
            expected,
        });
    }
    Ok(length as usize)
}

/// A tensor in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tensor {
    pub(super) name: Piece,
    /// The hash of the name, for a fast search.
    pub(super) hash: u64,
    dtype: u8,
    /// `3, 3, 1, 10`
    shape: Piece,
    /// The offset of its first byte in the data.
    pub(super) begin: u64,
    /// The offset of its end in the data.
    pub(super) end: u64,
}

impl Tensor {
    pub(super) const NONE: Self = Self {
        name: Piece::NONE,
        hash: NO_HASH,
        dtype: 0,
        shape: Piece::NONE,
        begin: 0,
        end: 0,
    };

    /// `F32`
    pub(super) const fn dtype(&self) -> &'static str {
        DTYPES[self.dtype as usize].0
    }

    /// The sizes, one by one. `text` is that of the header.
    pub(super) const fn sizes<'a>(&self, text: &'a [u8]) -> Sizes<'a> {
        Sizes {
            rest: Cursor::new(self.shape.of(text), 0),
        }
    }

    /// The size in bytes according to the shape and the element type.
    const fn bytes(&self, text: &[u8]) -> Option<u64> {
        let (mut len, mut sizes) = (1u64, self.sizes(text));
        while let Some(size) = sizes.next() {
            len = match len.checked_mul(size) {
                Some(len) => len,
                None => return None,
            };
        }
        match len.checked_mul(DTYPES[self.dtype as usize].1) {
            Some(bits) if bits % 8 == 0 => Some(bits / 8),
            _ => None,
        }
    }
}

/// The sizes of a tensor.
pub(super) struct Sizes<'a> {
    rest: Cursor<'a>,
}

impl Sizes<'_> {
    /// The next size.
    pub(super) const fn next(&mut self) -> Option<u64> {
        self.rest.skip_spaces();
        if self.rest.place == self.rest.text.len() {
            return None;
        }
        let size = self.rest.number();
        self.rest.take(b',');
        Some(size)
    }
}

/// Reads the tensors of a header one by one.
pub(super) struct Reader<'a> {
    cursor: Cursor<'a>,
    /// Whether another member follows; `None` before the first one.
    more: Option<bool>,
    count: usize,
    /// The whole header.
    object: Object<'a>,
    metadata: Object<'a>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a [u8]) -> Result<Self, Fault> {
        if let Err(error) = core::str::from_utf8(text) {
            return Err(Fault::Json {
                place: LENGTH_BYTES + error.valid_up_to(),
                expected: "UTF-8",
            });
        }
        let object = Object {
            text,
            place: 0,
            members: 0,
        };
        Ok(Self {
            cursor: Cursor::new(text, 0),
            more: None,
            count: 0,
            object,
            metadata: object,
        })
    }

    /// The next tensor. If there is none, the whole header has been read, and its syntax is valid.
    pub(super) const fn next(&mut self) -> Result<Option<Tensor>, Fault> {
        let text = self.cursor.text;
        loop {
            let more = match self.more {
                None => self.cursor.enters(),
                Some(true) => self.cursor.more(),
                Some(false) => false,
            };
            self.more = Some(more);
            if !more {
                break;
            }
            self.object.members += 1;
            let name = self.cursor.key();
            if name.string(text).is(b"__metadata__") {
                self.metadata();
                continue;
            }
            if self.count == MOST_TENSORS {
                return Err(Fault::Crowded);
            }
            self.count += 1;
            let tensor = tensor(&mut self.cursor, name);
            if self.cursor.has_failed() {
                break;
            }
            return Ok(Some(tensor));
        }
        self.cursor.skip_spaces();
        if self.cursor.place < text.len() {
            self.cursor.fail("the end of the header");
        }
        match self.cursor.expected {
            Some(expected) => Err(Fault::Json {
                place: LENGTH_BYTES + self.cursor.place,
                expected,
            }),
            None => Ok(None),
        }
    }

    const fn metadata(&mut self) {
        let cursor = &mut self.cursor;
        if cursor.peek() == b'n' {
            // Some programs write `null` for no metadata.
            cursor.skip_value();
            return;
        }
        self.metadata.place = cursor.place;
        self.metadata.members = 0;
        let mut more = cursor.enters();
        while more {
            cursor.key();
            cursor.string();
            self.metadata.members += 1;
            more = cursor.more();
        }
    }

    /// The whole header and its metadata, after all tensors have been read.
    pub(super) const fn objects(&self) -> [Object<'a>; 2] {
        [self.object, self.metadata]
    }
}

/// The description of the tensor with this name.
const fn tensor(cursor: &mut Cursor<'_>, name: Piece) -> Tensor {
    let text = cursor.text;
    let mut tensor = Tensor {
        name,
        hash: name.string(text).hash(NO_HASH),
        ..Tensor::NONE
    };
    let start = cursor.place;
    let [mut dtypes, mut shapes, mut offsets] = [0; 3];
    let mut more = cursor.enters();
    while more {
        let key = cursor.key();
        let at = cursor.place;
        let key = key.string(text);
        if key.is(b"dtype") {
            let found = cursor.string();
            match dtype(found.string(text)) {
                Some(number) => tensor.dtype = number,
                None => cursor.fail_at(at, "an element type of safetensors, such as \"F32\""),
            }
            dtypes += 1;
        } else if key.is(b"shape") {
            (tensor.shape, _, _) = cursor.numbers();
            shapes += 1;
        } else if key.is(b"data_offsets") {
            let count;
            (_, [tensor.begin, tensor.end], count) = cursor.numbers();
            if count != 2 || tensor.begin > tensor.end {
                cursor.fail_at(at, "where the values begin and end");
            }
            offsets += 1;
        } else {
            cursor.skip_value();
        }
        more = cursor.more();
    }
    if !matches!((dtypes, shapes, offsets), (1, 1, 1)) {
        cursor.fail_at(start, "`dtype`, `shape` and `data_offsets`, each once");
    }
    tensor
}

const fn dtype(name: Unescaped<'_>) -> Option<u8> {
    let mut number = 0;
    while number < DTYPES.len() {
        if name.is(DTYPES[number].0.as_bytes()) {
            return Some(number as u8);
        }
        number += 1;
    }
    None
}

/// Sorts the tensors by their offsets, and checks that they fill the `data_len` bytes after the header
/// without gaps and overlaps.
pub(super) const fn fill(tensors: &mut [Tensor], text: &[u8], data_len: u64) -> Option<Fault> {
    sort(tensors);
    let (mut place, mut number) = (0, 0);
    while number < tensors.len() {
        let tensor = tensors[number];
        if tensor.begin != place {
            return Some(Fault::Begin {
                name: tensor.name,
                found: tensor.begin,
                expected: place,
            });
        }
        let (found, expected) = (tensor.end - tensor.begin, tensor.bytes(text));
        if !matches!(expected, Some(expected) if expected == found) {
            return Some(Fault::Bytes {
                name: tensor.name,
                found,
                expected,
            });
        }
        place = tensor.end;
        number += 1;
    }
    if place == data_len {
        return None;
    }
    let data_start = (LENGTH_BYTES + text.len()) as u64;
    Some(Fault::Length {
        found: data_start + data_len,
        expected: data_start.saturating_add(place),
    })
}

/// A heap sort by offset, because `sort` is not a `const fn`.
const fn sort(tensors: &mut [Tensor]) {
    let mut number = 1;
    while number < tensors.len() && !is_before(&tensors[number], &tensors[number - 1]) {
        number += 1;
    }
    if number >= tensors.len() {
        return;
    }
    let mut root = tensors.len() / 2;
    while root > 0 {
        root -= 1;
        sift(tensors, root);
    }
    let mut len = tensors.len();
    while len > 1 {
        len -= 1;
        tensors.swap(0, len);
        sift(tensors.split_at_mut(len).0, 0);
    }
}

/// Moves a tensor down in the heap until no tensor below it comes after it.
const fn sift(tensors: &mut [Tensor], mut root: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child >= tensors.len() {
            return;
        }
        if child + 1 < tensors.len() && is_before(&tensors[child], &tensors[child + 1]) {
            child += 1;
        }
        if !is_before(&tensors[root], &tensors[child]) {
            return;
        }
        tensors.swap(root, child);
        root = child;
    }
}

/// Of two tensors at the same offset, the one without values comes first, then the one whose name comes
/// first.
const fn is_before(a: &Tensor, b: &Tensor) -> bool {
    if a.begin != b.begin {
        a.begin < b.begin
    } else if a.end != b.end {
        a.end < b.end
    } else {
        a.name.start() < b.name.start()
    }
}
