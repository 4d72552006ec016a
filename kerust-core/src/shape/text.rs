//! Strings that are built at compile time.

use super::Shape;

/// A string of at most `CAPACITY` bytes. Every method is `const`, so that a constant can panic with numbers
/// in its message.
#[derive(Clone, Copy)]
pub struct Text<const CAPACITY: usize = 768> {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl<const CAPACITY: usize> Text<CAPACITY> {
    /// An empty string.
    #[allow(clippy::new_without_default, reason = "`Default` is not const")]
    pub const fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            len: 0,
        }
    }

    /// The string.
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => panic!("only whole strings are written"),
        }
    }

    /// Appends `text`, or nothing if it no longer fits.
    pub const fn str(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        if bytes.len() <= CAPACITY - self.len {
            let mut i = 0;
            while i < bytes.len() {
                self.bytes[self.len + i] = bytes[i];
                i += 1;
            }
            self.len += bytes.len();
        }
        self
    }

    /// Appends `number` in decimal.
    pub const fn number(self, number: usize) -> Self {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let text = if number >= 10 {
            self.number(number / 10)
        } else {
            self
        };
        text.str(DIGITS[number % 10])
    }

    /// Appends `sizes` as `3x3`.
    pub const fn window(self, sizes: [usize; 2]) -> Self {
        self.number(sizes[0]).str("x").number(sizes[1])
    }

    /// Appends `shape` as `(28, 28, 1)`.
    pub const fn shape(self, shape: Shape) -> Self {
        self.sizes(shape.dims())
    }

    /// Appends `sizes` as `(3, 3, 1, 10)`.
    pub const fn sizes(mut self, sizes: &[usize]) -> Self {
        self = self.str("(");
        let mut axis = 0;
        while axis < sizes.len() {
            if axis > 0 {
                self = self.str(", ");
            }
            self = self.number(sizes[axis]);
            axis += 1;
        }
        self.str(")")
    }

    pub(crate) const fn note(self, text: &str) -> Self {
        self.line("note").str(text)
    }

    pub(crate) const fn help(self, text: &str) -> Self {
        self.line("help").str(text)
    }

    // rustc indents the lines of a message under its first line. The empty line and the indentation make them
    // look like rustc's own notes.
    const fn line(self, kind: &str) -> Self {
        let bytes = self.as_str().as_bytes();
        let mut first = true;
        let mut i = 0;
        while i < bytes.len() {
            first &= bytes[i] != b'\n';
            i += 1;
        }
        self.str(if first { "\n\n= " } else { "\n= " })
            .str(kind)
            .str(": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_while_compiling() {
        const TEXT: Text = Text::new().shape(Shape::new(&[28, 0, 107])).window([3, 10]);
        assert_eq!(TEXT.as_str(), "(28, 0, 107)3x10");
    }
}
