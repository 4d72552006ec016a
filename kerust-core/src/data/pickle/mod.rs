//! Pickles, as far as Keras's data sets need them: lists, tuples, dictionaries, numbers, strings and NumPy
//! arrays. Nothing in a pickle is executed.
//!
//! The format is a program for a stack machine (Python's `pickletools` lists its instructions). Of the
//! functions that a pickle can name, Keras allows four, which build an array. They are not called here but
//! replaced by kerust's own code. All other functions, and instructions that such data do not use, are
//! errors. Values refer to each other by indices in one list, so deep nesting needs no stack and a cycle no
//! memory. The number of values is limited by the length of the file.

mod machine;

use machine::Machine;
use std::ops::Range;

/// A value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i32),
    /// Floats are not stored, since no data set needs them.
    Float,
    /// The index of an object.
    Object(u32),
}

/// A value that consists of other values, or of bytes.
#[derive(Clone, PartialEq, Debug)]
enum Object {
    /// Bytes of the pickle; also used for strings.
    Bytes(Range<usize>),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Function(Function),
    DataType(DataType),
    Array(Box<Array>),
}

/// The functions and classes that a pickle of arrays can name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Function {
    Reconstruct,
    NdArray,
    DataType,
}

/// The element type of an array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum DataType {
    UnsignedByte,
    Object,
    /// Any other type, whose elements are not read.
    Other,
}

/// An array. Without a shape, it has not been filled yet.
#[derive(Clone, PartialEq, Debug, Default)]
struct Array {
    shape: Option<Vec<usize>>,
    data_type: Option<DataType>,
    fortran_order: bool,
    data: Option<Value>,
}

/// A parsed pickle.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    bytes: &'a [u8],
    objects: Vec<Object>,
    top: Value,
}

/// The result of a step. The error is a message without the path.
type Outcome<T> = Result<T, String>;

impl<'a> Pickle<'a> {
    /// Parses a pickle of protocol 2 to 5 from a file of `file_len` bytes, which may be compressed.
    pub(super) fn read(bytes: &'a [u8], file_len: u64) -> Outcome<Self> {
        // A compressed byte holds less than one word of a review.
        let most_values = file_len.saturating_mul(4).saturating_add(1 << 20);
        let most_values = u32::try_from(most_values).unwrap_or(u32::MAX);
        let (objects, top) = Machine::new(bytes, most_values).run()?;
        Ok(Self {
            bytes,
            objects,
            top,
        })
    }

    pub(super) fn top(&self) -> Value {
        self.top
    }

    fn object(&self, value: Value) -> Option<&Object> {
        match value {
            Value::Object(place) => self.objects.get(place as usize),
            _ => None,
        }
    }

    /// The value of `key` in the dictionary at the top.
    pub(super) fn entry(&self, key: &str) -> Outcome<Value> {
        let Some(Object::Dict(entries)) = self.object(self.top) else {
            return Err(format!(
                "found {}, expected a dictionary",
                self.kind(self.top)
            ));
        };
        let name = |value: &Value| match self.object(*value) {
            Some(Object::Bytes(range)) => &self.bytes[range.clone()],
            _ => &[],
        };
        // As in Python, the last entry of a key counts.
        let found = entries
            .iter()
            .rev()
            .find(|entry| name(&entry.0) == key.as_bytes());
        found.map(|entry| entry.1).ok_or_else(|| {
            let keys = entries
                .iter()
                .map(|entry| name(&entry.0).escape_ascii().to_string());
            let keys: Vec<String> = keys.collect();
            format!("found the keys `{}`, expected `{key}`", keys.join("`, `"))
        })
    }

    /// The values of a list or a tuple.
    pub(super) fn list(&self, value: Value) -> Outcome<&[Value]> {
        match self.object(value) {
            Some(Object::List(values) | Object::Tuple(values)) => Ok(values),
            _ => Err(format!("found {}, expected a list", self.kind(value))),
        }
    }

    pub(super) fn integer(&self, value: Value) -> Outcome<i32> {
        match value {
            Value::Int(number) => Ok(number),
            _ => Err(format!("found {}, expected an integer", self.kind(value))),
        }
    }

    /// The shape and the values of an array of unsigned bytes.
    pub(super) fn byte_array(&self, value: Value) -> Outcome<(&[usize], &'a [u8])> {
        let (shape, data) = self.array(value, DataType::UnsignedByte, "unsigned bytes")?;
        let Some(Object::Bytes(range)) = self.object(data) else {
            return Err(format!("found {} for an array's data", self.kind(data)));
        };
        let bytes = &self.bytes[range.clone()];
        match count(shape) {
            Some(count) if count == bytes.len() => Ok((shape, bytes)),
            _ => Err(format!(
                "found {} bytes for an array of {shape:?}",
                bytes.len()
            )),
        }
    }

    /// The shape and the values of an array of objects.
    pub(super) fn object_array(&self, value: Value) -> Outcome<(&[usize], &[Value])> {
        let (shape, data) = self.array(value, DataType::Object, "objects")?;
        let values = self.list(data)?;
        match count(shape) {
            Some(count) if count == values.len() => Ok((shape, values)),
            _ => Err(format!(
                "found {} values for an array of {shape:?}",
                values.len()
            )),
        }
    }

    fn array(&self, value: Value, data_type: DataType, name: &str) -> Outcome<(&[usize], Value)> {
        let Some(Object::Array(array)) = self.object(value) else {
            return Err(format!("found {}, expected an array", self.kind(value)));
        };
        let (Some(shape), Some(data)) = (&array.shape, array.data) else {
            return Err("found an array without its values".to_owned());
        };
        if array.data_type != Some(data_type) {
            return Err(format!("found an array of other elements, expected {name}"));
        }
        if array.fortran_order && shape.len() > 1 {
            return Err("found an array in Fortran order, expected C order".to_owned());
        }
        Ok((shape, data))
    }

    /// The name of a value's kind, for a message.
    fn kind(&self, value: Value) -> &'static str {
        match value {
            Value::None => "`None`",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Float => "a float",
            Value::Object(place) => self
                .objects
                .get(place as usize)
                .map_or("nothing", Object::kind),
        }
    }
}

impl Object {
    fn kind(&self) -> &'static str {
        match self {
            Self::Bytes(_) => "a string",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Dict(_) => "a dictionary",
            Self::Function(_) => "a function",
            Self::DataType(_) => "a type of elements",
            Self::Array(_) => "an array",
        }
    }
}

/// The number of values of a shape.
fn count(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1usize, |count, size| count.checked_mul(*size))
}

#[cfg(test)]
mod tests;
