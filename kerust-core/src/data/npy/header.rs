//! The header of an array: element type, order and sizes.

use super::element::{self, Element};
use super::fault::NpyFault;
use std::io::Read;

/// The element type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DataType {
    /// The type in the notation of the file: `<f4`.
    pub(super) text: String,
    pub(super) big_endian: bool,
}

impl DataType {
    /// The kind and the size of an element in bytes: `f4`.
    fn name(&self) -> &str {
        self.text.trim_start_matches(['<', '>', '|', '='])
    }
}

/// The header of an array.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) shape: Vec<usize>,
    data_type: DataType,
    fortran_order: bool,
    /// The number of bytes before the values.
    len: u64,
}

/// NumPy's own limit for the length of a header.
const MAX_HEADER_BYTES: usize = 10_000;

impl Header {
    pub(crate) fn read(source: &mut dyn Read) -> Result<Self, NpyFault> {
        let magic = exactly(source, 8)?;
        let version = match magic[..] {
            [0x93, b'N', b'U', b'M', b'P', b'Y', major @ 1..=3, 0] => major,
            [0x93, b'N', b'U', b'M', b'P', b'Y', major, minor] => {
                return Err(NpyFault::Version { major, minor });
            }
            _ => return Err(NpyFault::Magic { found: magic }),
        };
        let len_bytes = exactly(source, if version == 1 { 2 } else { 4 })?;
        let len = len_bytes
            .iter()
            .rev()
            .fold(0, |len, byte| len << 8 | usize::from(*byte));
        if len > MAX_HEADER_BYTES {
            return Err(NpyFault::Header(format!(
                "it has {len} bytes, expected at most {MAX_HEADER_BYTES}"
            )));
        }
        let text = exactly(source, len)?;
        let text = String::from_utf8_lossy(&text);
        let mut header = Parser(&text).header().map_err(NpyFault::Header)?;
        header.len = (8 + len_bytes.len() + len) as u64;
        Ok(header)
    }

    /// Whether the elements are pickled objects.
    pub(crate) fn is_objects(&self) -> bool {
        self.data_type.name() == "O"
    }

    /// The kind and the size of an element in bytes: `f4`.
    pub(crate) fn type_name(&self) -> &str {
        self.data_type.name()
    }

    /// Returns an error if the element type or the order differs.
    pub(crate) fn expect<T: Element>(&self) -> Result<(), NpyFault> {
        if self.type_name() != T::TYPE {
            return Err(self.other_type(T::TYPE));
        }
        // If at most one axis is longer than 1, both orders are the same.
        if self.fortran_order && self.shape.iter().filter(|size| **size != 1).count() > 1 {
            return Err(NpyFault::FortranOrder);
        }
        Ok(())
    }

    /// The error for an unexpected element type.
    pub(crate) fn other_type(&self, expected: &'static str) -> NpyFault {
        let found = self.data_type.text.clone();
        NpyFault::DataType { found, expected }
    }

    /// The bytes of the values, up to the end of `source`. If its length is known, it is checked before
    /// memory is allocated.
    pub(crate) fn bytes(
        &self,
        source: &mut dyn Read,
        source_len: Option<u64>,
    ) -> Result<Vec<u8>, NpyFault> {
        let size = self.type_name()[1..].parse().unwrap_or(u64::MAX);
        let promised = self
            .shape
            .iter()
            .try_fold(size, |len, size| len.checked_mul(*size as u64))
            .and_then(|len| len.checked_add(self.len));
        let promised = promised.ok_or_else(|| NpyFault::Overflow {
            shape: self.shape.clone(),
        })?;
        let compare = |found: u64| match found {
            _ if found < promised => Err(NpyFault::Truncated {
                found,
                expected: promised,
            }),
            _ if found > promised => Err(NpyFault::Surplus { expected: promised }),
            _ => Ok(()),
        };
        source_len.map_or(Ok(()), compare)?;
        let mut bytes = Vec::new();
        let with_one_more = (promised - self.len).saturating_add(1);
        source.take(with_one_more).read_to_end(&mut bytes)?;
        compare(self.len + bytes.len() as u64)?;
        Ok(bytes)
    }

    /// The values. Their type must have been checked with [`expect`](Self::expect).
    pub(crate) fn values<T: Element>(&self, bytes: &[u8]) -> Result<Vec<T>, NpyFault> {
        let memory = || NpyFault::Read(std::io::ErrorKind::OutOfMemory.into());
        element::values(bytes, &self.data_type).ok_or_else(memory)
    }
}

/// Reads exactly this number of bytes.
fn exactly(source: &mut dyn Read, len: usize) -> Result<Vec<u8>, NpyFault> {
    let mut bytes = Vec::new();
    source.take(len as u64).read_to_end(&mut bytes)?;
    match bytes.len() {
        found if found < len => Err(NpyFault::HeaderTruncated {
            found: bytes.escape_ascii().to_string(),
            expected: len,
        }),
        _ => Ok(bytes),
    }
}

/// Parses the literal of a Python dictionary with the three keys that NumPy writes.
struct Parser<'a>(&'a str);

impl Parser<'_> {
    fn header(mut self) -> Result<Header, String> {
        let (mut data_type, mut fortran_order, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.take('}') {
            let key = self.string()?;
            self.expect(':')?;
            match key.as_str() {
                "descr" => data_type = Some(self.data_type()?),
                "fortran_order" => fortran_order = Some(self.boolean()?),
                "shape" => shape = Some(self.shape()?),
                _ => return Err(format!("found the key `{key}`")),
            }
            if !self.take(',') {
                self.expect('}')?;
                break;
            }
        }
        if !self.0.trim().is_empty() {
            return Err(format!("found `{}` after it", self.0.trim()));
        }
        let missing = |key: &str| format!("found no key `{key}`");
        Ok(Header {
            shape: shape.ok_or_else(|| missing("shape"))?,
            data_type: data_type.ok_or_else(|| missing("descr"))?,
            fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
            len: 0,
        })
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.0.trim_start().strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) {
            return Ok(());
        }
        Err(format!(
            "expected `{wanted}` before `{}`",
            self.0.trim_end()
        ))
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = if self.take('"') { '"' } else { '\'' };
        if quote == '\'' {
            self.expect(quote)?;
        }
        let (string, rest) = self.0.split_once(quote).ok_or("a string has no end")?;
        self.0 = rest;
        Ok(string.to_owned())
    }

    fn boolean(&mut self) -> Result<bool, String> {
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.trim_start().strip_prefix(word) {
                self.0 = rest;
                return Ok(value);
            }
        }
        Err(format!(
            "expected `True` or `False` before `{}`",
            self.0.trim_end()
        ))
    }

    fn data_type(&mut self) -> Result<DataType, String> {
        if self.0.trim_start().starts_with('[') {
            return Err("the elements are records of fields, expected numbers".to_owned());
        }
        let text = self.string()?;
        let big_endian = text.starts_with('>');
        let data_type = DataType { text, big_endian };
        if data_type.name().is_empty() || !data_type.text.is_ascii() {
            return Err(format!("the type of the elements is `{}`", data_type.text));
        }
        Ok(data_type)
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        self.expect('(')?;
        let mut shape = Vec::new();
        while !self.take(')') {
            let rest = self.0.trim_start();
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (size, rest) = rest.split_at(end);
            let size = size
                .parse()
                .map_err(|_| format!("expected a size before `{}`", rest.trim_end()))?;
            shape.push(size);
            // Python 2 wrote long integers with this suffix.
            self.0 = rest.strip_prefix('L').unwrap_or(rest);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }
}
