//! The header of a safetensors file, read without a heap: what is embedded is checked while
//! compiling.
//!
//! Eight bytes give the header's length, little end first; then JSON, an object with a member for
//! each tensor; then the tensors' values.

/// Bytes of the header's length, with which a file begins.
pub(super) const LENGTH_BYTES: usize = 8;

/// The tensors that are read at most.
pub(super) const MOST_TENSORS: usize = 4096;

/// What a file is that is no safetensors file, by its first bytes.
pub(super) const fn other_kind(file: &[u8]) -> Option<&'static str> {
    match file {
        [] => Some("an empty file"),
        [0x89, b'H', b'D', b'F', ..] => Some("an HDF5 file"),
        [b'P', b'K', 3, 4, ..] => Some("a zip archive"),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some("a NumPy array"),
        [b'v', b'e', b'r', b's', b'i', b'o', b'n', b' ', ..] => Some("a pointer of Git LFS"),
        _ => None,
    }
}

/// Why a header cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Broken {
    /// Another kind of file.
    Kind(&'static str),
    /// The file is this long, its header promises another length.
    Length { found: usize, expected: usize },
    /// The JSON is none, or lacks what every tensor has; at this byte of the file.
    Json(usize),
    /// More than [`MOST_TENSORS`].
    Crowded,
}

/// A header, and the values behind it.
pub(super) struct Header<'a> {
    /// The JSON.
    text: &'a [u8],
    /// The values of all tensors.
    pub(super) data: &'a [u8],
    /// Where in the text each tensor's name stands.
    places: [usize; MOST_TENSORS],
    /// How many tensors there are.
    pub(super) count: usize,
    /// Where in the text the metadata stand.
    metadata: Option<usize>,
}

/// What a header says of a tensor, as it is written there.
#[derive(Clone, Copy)]
pub(super) struct Tensor<'a> {
    pub(super) name: &'a [u8],
    /// `F32`
    pub(super) dtype: &'a [u8],
    pub(super) shape: Numbers<'a>,
    /// Where in the data it begins.
    pub(super) begin: usize,
    /// Where in the data it ends.
    pub(super) end: usize,
}

/// A list of numbers: what stands between the brackets.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    rest: Cursor<'a>,
}

impl<'a> Header<'a> {
    pub(super) const fn read(file: &'a [u8]) -> Result<Self, Broken> {
        if let Some(kind) = other_kind(file) {
            return Err(Broken::Kind(kind));
        }
        let Some((length, behind)) = file.split_first_chunk::<LENGTH_BYTES>() else {
            return Err(Broken::Json(0));
        };
        let length = u64::from_le_bytes(*length);
        if behind.is_empty() || behind[0] != b'{' {
            return Err(Broken::Json(LENGTH_BYTES));
        }
        if length > behind.len() as u64 {
            return Err(Broken::Length {
                found: file.len(),
                expected: length.saturating_add(LENGTH_BYTES as u64) as usize,
            });
        }
        let (text, data) = behind.split_at(length as usize);
        let mut header = Self {
            text,
            data,
            places: [0; MOST_TENSORS],
            count: 0,
            metadata: None,
        };
        match header.index() {
            None => Ok(header),
            Some(broken) => Err(broken),
        }
    }

    /// Notes where each tensor stands.
    const fn index(&mut self) -> Option<Broken> {
        let mut cursor = Cursor::new(self.text);
        let mut data_end = 0;
        cursor.expect(b'{');
        let mut more = !cursor.take(b'}');
        while more {
            cursor.skip_spaces();
            let place = cursor.place;
            let name = cursor.string();
            cursor.expect(b':');
            if equal(name, b"__metadata__") {
                cursor.skip_spaces();
                self.metadata = Some(cursor.place);
                cursor.texts();
            } else if self.count == MOST_TENSORS {
                return Some(Broken::Crowded);
            } else {
                let tensor = cursor.tensor(name);
                if tensor.end > data_end {
                    data_end = tensor.end;
                }
                self.places[self.count] = place;
                self.count += 1;
            }
            more = cursor.more();
        }
        cursor.skip_spaces();
        if cursor.failed || cursor.place < self.text.len() {
            return Some(Broken::Json(LENGTH_BYTES + cursor.place));
        }
        if self.data.len() != data_end {
            let data_start = LENGTH_BYTES + self.text.len();
            return Some(Broken::Length {
                found: data_start + self.data.len(),
                expected: data_start.saturating_add(data_end),
            });
        }
        None
    }

    /// The tensor of this number.
    pub(super) const fn tensor(&self, number: usize) -> Tensor<'a> {
        let mut cursor = self.at(self.places[number]);
        let name = cursor.string();
        cursor.expect(b':');
        cursor.tensor(name)
    }

    /// The name of the tensor of this number.
    pub(super) const fn name(&self, number: usize) -> &'a [u8] {
        self.at(self.places[number]).string()
    }

    /// A text of the metadata, escaped as in JSON.
    pub(super) const fn metadata(&self, key: &str) -> Option<&'a [u8]> {
        let Some(place) = self.metadata else {
            return None;
        };
        let mut cursor = self.at(place);
        cursor.expect(b'{');
        let mut more = !cursor.take(b'}');
        while more {
            let found = cursor.string();
            cursor.expect(b':');
            let text = cursor.string();
            if equal(found, key.as_bytes()) {
                return Some(text);
            }
            more = cursor.more();
        }
        None
    }

    const fn at(&self, place: usize) -> Cursor<'a> {
        Cursor {
            place,
            ..Cursor::new(self.text)
        }
    }
}

impl Numbers<'_> {
    /// The next one.
    pub(super) const fn next(&mut self) -> Option<usize> {
        self.rest.skip_spaces();
        if self.rest.place == self.rest.text.len() {
            return None;
        }
        let number = self.rest.number();
        self.rest.take(b',');
        Some(number)
    }
}

/// A place in JSON. What is not as expected makes it fail, and then it stands still.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    text: &'a [u8],
    place: usize,
    failed: bool,
}

impl<'a> Cursor<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            place: 0,
            failed: false,
        }
    }

    /// The byte here, 0 at the end.
    const fn byte(&self) -> u8 {
        if self.place < self.text.len() {
            self.text[self.place]
        } else {
            0
        }
    }

    const fn skip_spaces(&mut self) {
        while matches!(self.byte(), b' ' | b'\t' | b'\n' | b'\r') {
            self.place += 1;
        }
    }

    /// Whether `byte` comes next, which is then passed.
    const fn take(&mut self, byte: u8) -> bool {
        self.skip_spaces();
        let found = !self.failed && self.byte() == byte;
        if found {
            self.place += 1;
        }
        found
    }

    const fn expect(&mut self, byte: u8) {
        if !self.take(byte) {
            self.failed = true;
        }
    }

    /// Whether another member follows in an object.
    const fn more(&mut self) -> bool {
        if self.take(b',') {
            return true;
        }
        self.expect(b'}');
        false
    }

    /// What stands from `start` to here.
    const fn since(&self, start: usize) -> &'a [u8] {
        self.text.split_at(self.place).0.split_at(start).1
    }

    /// What stands between two quotation marks, escapes as they are.
    const fn string(&mut self) -> &'a [u8] {
        self.expect(b'"');
        let start = self.place;
        while !self.failed && self.byte() != b'"' {
            let step = if self.byte() == b'\\' { 2 } else { 1 };
            if self.text.len() - self.place <= step {
                self.failed = true;
            } else {
                self.place += step;
            }
        }
        let text = self.since(start);
        self.expect(b'"');
        text
    }

    const fn number(&mut self) -> usize {
        self.skip_spaces();
        self.failed |= !self.byte().is_ascii_digit();
        let mut number = 0usize;
        while !self.failed && self.byte().is_ascii_digit() {
            let digit = (self.byte() - b'0') as usize;
            number = number.saturating_mul(10).saturating_add(digit);
            self.place += 1;
        }
        number
    }

    const fn numbers(&mut self) -> Numbers<'a> {
        self.expect(b'[');
        let start = self.place;
        let mut more = !self.take(b']');
        while more {
            self.number();
            more = self.take(b',');
            if !more {
                self.expect(b']');
            }
        }
        let mut end = *self;
        if !self.failed {
            end.place -= 1;
        }
        Numbers {
            rest: Cursor::new(end.since(start)),
        }
    }

    /// An object of texts.
    const fn texts(&mut self) {
        self.expect(b'{');
        let mut more = !self.take(b'}');
        while more {
            self.string();
            self.expect(b':');
            self.string();
            more = self.more();
        }
    }

    /// What is said of the tensor `name`.
    const fn tensor(&mut self, name: &'a [u8]) -> Tensor<'a> {
        let nothing = Numbers {
            rest: Cursor::new(&[]),
        };
        let (mut dtype, mut shape, mut offsets) = (None, None, nothing);
        self.expect(b'{');
        let mut more = !self.take(b'}');
        while more {
            let key = self.string();
            self.expect(b':');
            if equal(key, b"dtype") {
                dtype = Some(self.string());
            } else if equal(key, b"shape") {
                shape = Some(self.numbers());
            } else if equal(key, b"data_offsets") {
                offsets = self.numbers();
            } else {
                self.failed = true;
            }
            more = self.more();
        }
        let offsets = (offsets.next(), offsets.next(), offsets.next());
        let (Some(dtype), Some(shape), (Some(begin), Some(end), None)) = (dtype, shape, offsets)
        else {
            self.failed = true;
            return Tensor {
                name,
                dtype: &[],
                shape: nothing,
                begin: 0,
                end: 0,
            };
        };
        self.failed |= begin > end;
        Tensor {
            name,
            dtype,
            shape,
            begin,
            end,
        }
    }
}

/// `==`, which is no `const fn`.
pub(super) const fn equal(a: &[u8], b: &[u8]) -> bool {
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}
