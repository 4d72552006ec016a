//! The stack machine that runs a pickle.

mod numpy;

use super::{Object, Outcome, Value};
use std::collections::HashMap;
use std::ops::Range;

pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    /// The heights of the stack at the marks.
    marks: Vec<usize>,
    memo: HashMap<usize, Value>,
    objects: Vec<Object>,
    /// The number of values, marks and names that may still be created.
    left: u32,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8], most_values: u32) -> Self {
        Self {
            bytes,
            at: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            objects: Vec::new(),
            left: most_values,
        }
    }

    /// Runs to the end, and returns the objects and the value at the top of the stack.
    pub(super) fn run(mut self) -> Outcome<(Vec<Object>, Value)> {
        if !self.bytes.starts_with(&[PROTO]) {
            return Err("expected a pickle of protocol 2 to 5".to_owned());
        }
        loop {
            let place = self.at;
            let code = self.take(1)?[0];
            if code == b'.' {
                let top = self.pop()?;
                return Ok((self.objects, top));
            }
            self.step(code)
                .map_err(|fault| format!("byte {place}, instruction {code:#04x}: {fault}"))?;
        }
    }

    fn step(&mut self, code: u8) -> Outcome<()> {
        match code {
            PROTO => match self.take(1)?[0] {
                2..=5 => {}
                version => return Err(format!("protocol {version}, expected 2 to 5")),
            },
            // The length of a frame matters only for streams.
            0x95 => drop(self.take(8)?),
            b'(' => {
                self.count()?;
                self.marks.push(self.stack.len());
            }
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_marked()?),
            b'2' => {
                let top = self.peek()?;
                self.push(top)?;
            }
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            b'J' => {
                let number = self.number(4)? as u32 as i32;
                self.push(Value::Int(number))?;
            }
            b'K' => self.push_number(1)?,
            b'M' => self.push_number(2)?,
            0x8a => self.push_long()?,
            b'G' => {
                self.take(8)?;
                self.push(Value::Float)?;
            }
            // Strings and bytes, by the number of bytes of their lengths.
            b'U' | b'C' | 0x8c => self.push_bytes(1)?,
            b'T' | b'B' | b'X' => self.push_bytes(4)?,
            0x8e | 0x8d => self.push_bytes(8)?,
            b']' => self.push_object(Object::List(Vec::new()))?,
            b')' => self.push_object(Object::Tuple(Vec::new()))?,
            b'}' => self.push_object(Object::Dict(Vec::new()))?,
            b'l' => {
                let values = self.pop_marked()?;
                self.push_object(Object::List(values))?;
            }
            b't' => {
                let values = self.pop_marked()?;
                self.push_object(Object::Tuple(values))?;
            }
            b'd' => {
                let values = self.pop_marked()?;
                self.push_object(Object::Dict(pairs(&values)?))?;
            }
            0x85..=0x87 => {
                let values = self.pop_last(usize::from(code - 0x84))?;
                self.push_object(Object::Tuple(values))?;
            }
            b'a' => {
                let value = self.pop()?;
                self.append(vec![value])?;
            }
            b'e' => {
                let values = self.pop_marked()?;
                self.append(values)?;
            }
            b's' => {
                let values = self.pop_last(2)?;
                self.set_items(&values)?;
            }
            b'u' => {
                let values = self.pop_marked()?;
                self.set_items(&values)?;
            }
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => {
                let value = self.peek()?;
                self.count()?;
                self.memo.insert(self.memo.len(), value);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push_function(&module, &name)?;
            }
            0x93 => {
                let names = self.pop_last(2)?;
                let [module, name] = [self.text(names[0])?, self.text(names[1])?];
                self.push_function(&module, &name)?;
            }
            b'R' => self.call()?,
            b'b' => self.build()?,
            _ => return Err("it is in no pickle of arrays".to_owned()),
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> Outcome<&'a [u8]> {
        let end = self
            .at
            .checked_add(len)
            .filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| format!("it ends after {} bytes", self.bytes.len()))?;
        let bytes = &self.bytes[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    /// Reads a little-endian number of up to eight bytes.
    fn number(&mut self, len: usize) -> Outcome<u64> {
        let bytes = self.take(len)?.iter().rev();
        Ok(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn push_number(&mut self, len: usize) -> Outcome<()> {
        let number = self.number(len)?;
        self.push(Value::Int(number as i32))?;
        Ok(())
    }

    /// Reads a signed integer of any number of bytes.
    fn push_long(&mut self) -> Outcome<()> {
        let len = self.number(1)? as usize;
        let bytes = self.take(len)?;
        let filler = if bytes.last().is_some_and(|byte| byte >> 7 == 1) {
            0xff
        } else {
            0
        };
        let mut word = [filler; 4];
        let used = len.min(4);
        word[..used].copy_from_slice(&bytes[..used]);
        let number = i32::from_le_bytes(word);
        if bytes[used..].iter().any(|byte| *byte != filler) || (number < 0) != (filler == 0xff) {
            return Err("an integer beyond 32 bits".to_owned());
        }
        self.push(Value::Int(number))
    }

    fn push_bytes(&mut self, len_bytes: usize) -> Outcome<()> {
        let len = usize::try_from(self.number(len_bytes)?).unwrap_or(usize::MAX);
        let start = self.at;
        self.take(len)?;
        self.push_object(Object::Bytes(start..self.at))
    }

    /// Counts a value, a mark or a name.
    fn count(&mut self) -> Outcome<()> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or("it makes more values than data of its length")?;
        Ok(())
    }

    fn push(&mut self, value: Value) -> Outcome<()> {
        self.count()?;
        self.stack.push(value);
        Ok(())
    }

    fn push_object(&mut self, object: Object) -> Outcome<()> {
        self.push(Value::Object(self.objects.len() as u32))?;
        self.objects.push(object);
        Ok(())
    }

    /// The height of the stack at the last mark. Values below must not be used.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn peek(&self) -> Outcome<Value> {
        let above = &self.stack[self.floor()..];
        above
            .last()
            .copied()
            .ok_or_else(|| "the stack is empty".to_owned())
    }

    fn pop(&mut self) -> Outcome<Value> {
        let top = self.peek()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_last(&mut self, count: usize) -> Outcome<Vec<Value>> {
        let from = self
            .stack
            .len()
            .checked_sub(count)
            .filter(|from| *from >= self.floor());
        let from = from.ok_or_else(|| format!("the stack has fewer than {count} values"))?;
        Ok(self.stack.split_off(from))
    }

    fn pop_marked(&mut self) -> Outcome<Vec<Value>> {
        let mark = self.marks.pop().ok_or("the stack has no mark")?;
        Ok(self.stack.split_off(mark))
    }

    fn object_mut(&mut self, value: Value) -> Option<&mut Object> {
        match value {
            Value::Object(place) => self.objects.get_mut(place as usize),
            _ => None,
        }
    }

    fn append(&mut self, values: Vec<Value>) -> Outcome<()> {
        let list = self.peek()?;
        match self.object_mut(list) {
            Some(Object::List(list)) if list.is_empty() => *list = values,
            Some(Object::List(list)) => list.extend(values),
            _ => return Err("it appends to something other than a list".to_owned()),
        }
        Ok(())
    }

    fn set_items(&mut self, values: &[Value]) -> Outcome<()> {
        let items = pairs(values)?;
        let dict = self.peek()?;
        match self.object_mut(dict) {
            Some(Object::Dict(dict)) => dict.extend(items),
            _ => return Err("it sets items of something other than a dictionary".to_owned()),
        }
        Ok(())
    }

    fn remember(&mut self, len: usize) -> Outcome<()> {
        let (name, value) = (self.number(len)? as usize, self.peek()?);
        self.count()?;
        self.memo.insert(name, value);
        Ok(())
    }

    fn recall(&mut self, len: usize) -> Outcome<()> {
        let name = self.number(len)? as usize;
        let value = self.memo.get(&name).copied();
        self.push(value.ok_or_else(|| format!("nothing is remembered as {name}"))?)?;
        Ok(())
    }

    fn line(&mut self) -> Outcome<String> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().take(100).position(|byte| *byte == b'\n');
        let line = self.take(len.ok_or("a name has no end")?)?;
        self.take(1)?;
        Ok(String::from_utf8_lossy(line).into_owned())
    }

    fn bytes_of(&self, value: Value) -> Option<&'a [u8]> {
        let Value::Object(place) = value else {
            return None;
        };
        match self.objects.get(place as usize) {
            Some(Object::Bytes(range)) => Some(&self.bytes[Range::clone(range)]),
            _ => None,
        }
    }

    fn text(&self, value: Value) -> Outcome<String> {
        let bytes = self.bytes_of(value).ok_or("a name is not a string")?;
        let shown = &bytes[..bytes.len().min(100)];
        Ok(String::from_utf8_lossy(shown).into_owned())
    }
}

/// The opcode that precedes the version of the protocol.
const PROTO: u8 = 0x80;

/// Pairs of keys and values.
fn pairs(values: &[Value]) -> Outcome<Vec<(Value, Value)>> {
    if !values.len().is_multiple_of(2) {
        return Err("a key has no value".to_owned());
    }
    let pairs = values.chunks_exact(2);
    Ok(pairs.map(|pair| (pair[0], pair[1])).collect())
}
