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
    /// The first `count` of them are the file's.
    pub(super) tensors: [Tensor; MOST_TENSORS],
    /// How many tensors there are.
    pub(super) count: usize,
    /// Where in the text the metadata stand.
    metadata: Option<usize>,
}

/// Where in a header something stands.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    start: usize,
    end: usize,
}

/// A tensor of a file.
#[derive(Clone, Copy)]
pub(super) struct Tensor {
    pub(super) name: Piece,
    /// The [`hash`] of the name, for a quick search.
    pub(super) hash: u64,
    /// `F32`
    pub(super) dtype: Piece,
    /// `3, 3, 1, 10`
    pub(super) shape: Piece,
    /// Where in the data it begins.
    pub(super) begin: usize,
    /// Where in the data it ends.
    pub(super) end: usize,
}

impl Tensor {
    const NONE: Self = Self {
        name: Piece { start: 0, end: 0 },
        hash: 0,
        dtype: Piece { start: 0, end: 0 },
        shape: Piece { start: 0, end: 0 },
        begin: 0,
        end: 0,
    };
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
            tensors: [Tensor::NONE; MOST_TENSORS],
            count: 0,
            metadata: None,
        };
        match header.index() {
            None => Ok(header),
            Some(broken) => Err(broken),
        }
    }

    /// Notes each tensor.
    const fn index(&mut self) -> Option<Broken> {
        let mut cursor = Cursor::new(self.text);
        let mut data_end = 0;
        cursor.expect(b'{');
        let mut more = !cursor.take(b'}');
        while more {
            let name = cursor.string();
            cursor.expect(b':');
            if equal(self.piece(name), b"__metadata__") {
                self.metadata = Some(cursor.place);
                cursor.texts();
            } else if self.count == MOST_TENSORS {
                return Some(Broken::Crowded);
            } else {
                let tensor = cursor.tensor(name);
                if tensor.end > data_end {
                    data_end = tensor.end;
                }
                self.tensors[self.count] = tensor;
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

    /// What stands in a place of the header.
    pub(super) const fn piece(&self, piece: Piece) -> &'a [u8] {
        self.text.split_at(piece.end).0.split_at(piece.start).1
    }

    /// The sizes of a tensor, one by one.
    pub(super) const fn sizes(&self, tensor: &Tensor) -> Sizes<'a> {
        Sizes {
            rest: Cursor::new(self.piece(tensor.shape)),
        }
    }

    /// A text of the metadata, escaped as in JSON.
    pub(super) const fn metadata(&self, key: &str) -> Option<&'a [u8]> {
        let Some(place) = self.metadata else {
            return None;
        };
        let mut cursor = Cursor::new(self.text);
        cursor.place = place;
        cursor.expect(b'{');
        let mut more = !cursor.take(b'}');
        while more {
            let found = cursor.string();
            cursor.expect(b':');
            let text = cursor.string();
            if equal(self.piece(found), key.as_bytes()) {
                return Some(self.piece(text));
            }
            more = cursor.more();
        }
        None
    }
}

/// The sizes of a tensor.
pub(super) struct Sizes<'a> {
    rest: Cursor<'a>,
}

impl Sizes<'_> {
    /// The next one.
    pub(super) const fn next(&mut self) -> Option<usize> {
        self.rest.skip_spaces();
        if self.rest.place == self.rest.text.len() {
            return None;
        }
        let size = self.rest.number();
        self.rest.take(b',');
        Some(size)
    }
}

/// A place in JSON. What is not as expected makes it fail, and then it stands still.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    text: &'a [u8],
    place: usize,
    failed: bool,
}

// rustc interprets all this: the loops over bytes call nothing.
impl<'a> Cursor<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            place: 0,
            failed: false,
        }
    }

    const fn skip_spaces(&mut self) {
        while self.place < self.text.len()
            && matches!(self.text[self.place], b' ' | b'\t' | b'\n' | b'\r')
        {
            self.place += 1;
        }
    }

    /// Whether `byte` comes next, which is then passed.
    const fn take(&mut self, byte: u8) -> bool {
        self.skip_spaces();
        let found = !self.failed && self.place < self.text.len() && self.text[self.place] == byte;
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

    /// What stands between two quotation marks, escapes as they are.
    const fn string(&mut self) -> Piece {
        self.expect(b'"');
        let start = self.place;
        let (text, mut end) = (self.text, start);
        while end < text.len() && text[end] != b'"' {
            end += if text[end] == b'\\' { 2 } else { 1 };
        }
        if self.failed || end >= text.len() {
            self.failed = true;
            return Piece { start, end: start };
        }
        self.place = end + 1;
        Piece { start, end }
    }

    const fn number(&mut self) -> usize {
        self.skip_spaces();
        let start = self.place;
        let mut number = 0usize;
        while self.place < self.text.len() && self.text[self.place].is_ascii_digit() {
            let digit = (self.text[self.place] - b'0') as usize;
            number = number.saturating_mul(10).saturating_add(digit);
            self.place += 1;
        }
        if self.place == start {
            self.failed = true;
        }
        number
    }

    /// A list of numbers: where they stand, the first two of them, and how many there are.
    const fn numbers(&mut self) -> (Piece, [usize; 2], usize) {
        self.expect(b'[');
        let start = self.place;
        let (mut first, mut count) = ([0; 2], 0);
        let mut more = !self.failed && !self.take(b']');
        while more {
            let number = self.number();
            if count < first.len() {
                first[count] = number;
            }
            count += 1;
            more = !self.failed && self.take(b',');
            if !more {
                self.expect(b']');
            }
        }
        let end = if self.failed { start } else { self.place - 1 };
        (Piece { start, end }, first, count)
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

    /// What is said of the tensor called `name`.
    const fn tensor(&mut self, name: Piece) -> Tensor {
        let mut tensor = Tensor {
            name,
            hash: hash(
                NO_HASH,
                self.text.split_at(name.end).0.split_at(name.start).1,
            ),
            ..Tensor::NONE
        };
        let [mut dtypes, mut shapes, mut offsets] = [0; 3];
        self.expect(b'{');
        let mut more = !self.take(b'}');
        while more {
            let key = self.string();
            self.expect(b':');
            match self.text.split_at(key.end).0.split_at(key.start).1 {
                b"dtype" => {
                    tensor.dtype = self.string();
                    dtypes += 1;
                }
                b"shape" => {
                    (tensor.shape, _, _) = self.numbers();
                    shapes += 1;
                }
                b"data_offsets" => {
                    let ends;
                    (_, [tensor.begin, tensor.end], ends) = self.numbers();
                    offsets += if ends == 2 { 1 } else { 2 };
                }
                _ => self.failed = true,
            }
            more = self.more();
        }
        let whole = matches!((dtypes, shapes, offsets), (1, 1, 1));
        if !whole || tensor.begin > tensor.end {
            self.failed = true;
        }
        tensor
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

/// The hash of nothing.
pub(super) const NO_HASH: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of what `before` is the hash of, and `bytes` behind it: 64-bit FNV-1a.
pub(super) const fn hash(before: u64, bytes: &[u8]) -> u64 {
    let (mut hash, mut place) = (before, 0);
    while place < bytes.len() {
        hash = (hash ^ bytes[place] as u64).wrapping_mul(0x0100_0000_01b3);
        place += 1;
    }
    hash
}
