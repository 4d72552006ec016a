//! A JSON parser for safetensors headers that needs no heap. It also runs in rustc's interpreter.

/// The maximum nesting depth, as in `serde_json`.
const MOST_DEPTH: u32 = 128;

/// A range of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    // Headers are smaller than 4 GB, and thousands of pieces are on the stack, so 32 bits are used.
    start: u32,
    end: u32,
    /// Whether it is a string with escapes.
    escaped: bool,
}

impl Piece {
    pub(super) const NONE: Self = Self {
        start: 0,
        end: 0,
        escaped: false,
    };

    pub(super) const fn start(self) -> u32 {
        self.start
    }

    /// The bytes of the range.
    pub(super) const fn of(self, text: &[u8]) -> &[u8] {
        text.split_at(self.end as usize)
            .0
            .split_at(self.start as usize)
            .1
    }

    /// The string at the range.
    pub(super) const fn string(self, text: &[u8]) -> Unescaped<'_> {
        Unescaped {
            rest: self.of(text),
            escaped: self.escaped,
            pending: 0,
        }
    }
}

/// A position in JSON. After an error it does not advance any more.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) place: usize,
    /// What was expected at the position of the error.
    pub(super) expected: Option<&'static str>,
}

// The loops over bytes call no functions, because a call costs rustc as much as many bytes.
impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a [u8], place: usize) -> Self {
        Self {
            text,
            place,
            expected: None,
        }
    }

    pub(super) const fn fail(&mut self, expected: &'static str) {
        if self.expected.is_none() {
            self.expected = Some(expected);
        }
    }

    /// Reports an error at an earlier position.
    pub(super) const fn fail_at(&mut self, place: usize, expected: &'static str) {
        if self.expected.is_none() {
            self.place = place;
            self.expected = Some(expected);
        }
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.expected.is_some()
    }

    pub(super) const fn skip_spaces(&mut self) {
        while self.place < self.text.len()
            && matches!(self.text[self.place], b' ' | b'\t' | b'\n' | b'\r')
        {
            self.place += 1;
        }
    }

    /// The next byte after white space, or 0.
    pub(super) const fn peek(&mut self) -> u8 {
        self.skip_spaces();
        if self.place < self.text.len() && self.expected.is_none() {
            self.text[self.place]
        } else {
            0
        }
    }

    /// Consumes the next byte if it is `byte`, and returns whether it was.
    pub(super) const fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        if found {
            self.place += 1;
        }
        found
    }

    /// Enters an object, and returns whether it has a member.
    pub(super) const fn enters(&mut self) -> bool {
        if !self.take(b'{') {
            self.fail("`{`");
        }
        !self.has_failed() && !self.take(b'}')
    }

    /// Reads the key of a member, up to its value.
    pub(super) const fn key(&mut self) -> Piece {
        let key = self.string();
        if !self.take(b':') {
            self.fail("`:`");
        }
        key
    }

    /// Whether another member follows in an object.
    pub(super) const fn more(&mut self) -> bool {
        if self.take(b',') {
            return true;
        }
        if !self.take(b'}') {
            self.fail("`,` or `}`");
        }
        false
    }

    /// Reads a string without resolving escapes.
    pub(super) const fn string(&mut self) -> Piece {
        if !self.take(b'"') {
            self.fail("a string");
        }
        if self.has_failed() {
            return Piece::NONE;
        }
        let (text, start) = (self.text, self.place);
        let (mut end, mut escaped) = (start, false);
        while end < text.len() && text[end] != b'"' {
            if text[end] == b'\\' {
                escaped = true;
                let (_, len) = escape(text.split_at(end).1);
                if len == 0 {
                    self.fail_at(end, "an escape of JSON");
                    return Piece::NONE;
                }
                end += len;
            } else if text[end] < b' ' {
                self.fail_at(end, "no control character in a string");
                return Piece::NONE;
            } else {
                end += 1;
            }
        }
        if end >= text.len() {
            self.fail_at(text.len(), "the end of a string");
            return Piece::NONE;
        }
        self.place = end + 1;
        Piece {
            start: start as u32,
            end: end as u32,
            escaped,
        }
    }

    /// Reads a decimal integer that fits `u64`.
    pub(super) const fn number(&mut self) -> u64 {
        self.skip_spaces();
        let start = self.place;
        let (mut number, mut fits) = (0u64, true);
        while self.place < self.text.len() && self.text[self.place].is_ascii_digit() {
            let digit = (self.text[self.place] - b'0') as u64;
            number = match number.checked_mul(10) {
                Some(number) if number <= u64::MAX - digit => number + digit,
                _ => {
                    fits = false;
                    0
                }
            };
            self.place += 1;
        }
        let digits = self.place - start;
        if digits == 0 || !fits || (digits > 1 && self.text[start] == b'0') || self.is_fraction() {
            self.fail_at(start, "a whole number");
        }
        number
    }

    /// Whether the next bytes turn an integer into a fraction.
    const fn is_fraction(&self) -> bool {
        self.place < self.text.len() && matches!(self.text[self.place], b'.' | b'e' | b'E')
    }

    /// Reads a list of integers: its range, the first two numbers, and their count.
    pub(super) const fn numbers(&mut self) -> (Piece, [u64; 2], usize) {
        if !self.take(b'[') {
            self.fail("`[`");
        }
        let start = self.place;
        let (mut first, mut count) = ([0; 2], 0);
        let mut more = !self.has_failed() && !self.take(b']');
        while more {
            let number = self.number();
            if count < first.len() {
                first[count] = number;
            }
            count += 1;
            more = self.take(b',');
            if !more && !self.take(b']') {
                self.fail("`,` or `]`");
            }
        }
        if self.has_failed() {
            return (Piece::NONE, first, count);
        }
        let piece = Piece {
            start: start as u32,
            end: (self.place - 1) as u32,
            escaped: false,
        };
        (piece, first, count)
    }

    /// Skips a value of any kind.
    pub(super) const fn skip_value(&mut self) {
        // One bit for each open value: 1 is an object.
        let (mut objects, mut depth) = (0u128, 0);
        loop {
            match self.peek() {
                kind @ (b'{' | b'[') => {
                    self.place += 1;
                    if depth == MOST_DEPTH {
                        self.fail("fewer values in one another");
                        return;
                    }
                    let is_object = kind == b'{';
                    if !self.take(if is_object { b'}' } else { b']' }) {
                        objects = objects << 1 | is_object as u128;
                        depth += 1;
                        if is_object {
                            self.key();
                        }
                        continue;
                    }
                }
                b'"' => {
                    self.string();
                }
                b't' => self.word(b"true"),
                b'f' => self.word(b"false"),
                b'n' => self.word(b"null"),
                b'-' | b'0'..=b'9' => self.any_number(),
                _ => self.fail("a value"),
            }
            // After a value: another one, or the end of the value that contains it.
            loop {
                if depth == 0 || self.has_failed() {
                    return;
                }
                let is_object = objects & 1 == 1;
                if self.take(b',') {
                    if is_object {
                        self.key();
                    }
                    break;
                }
                if !self.take(if is_object { b'}' } else { b']' }) {
                    self.fail(if is_object {
                        "`,` or `}`"
                    } else {
                        "`,` or `]`"
                    });
                }
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    const fn word(&mut self, word: &[u8]) {
        let start = self.place;
        let mut at = 0;
        while at < word.len() {
            if self.place == self.text.len() || self.text[self.place] != word[at] {
                self.fail_at(start, "a value");
                return;
            }
            self.place += 1;
            at += 1;
        }
    }

    const fn any_number(&mut self) {
        let start = self.place;
        if self.text[self.place] == b'-' {
            self.place += 1;
        }
        let whole = self.place;
        let mut is_right = self.digits() > 0;
        is_right = is_right && (self.text[whole] != b'0' || self.place == whole + 1);
        if self.place < self.text.len() && self.text[self.place] == b'.' {
            self.place += 1;
            is_right = self.digits() > 0 && is_right;
        }
        if self.place < self.text.len() && matches!(self.text[self.place], b'e' | b'E') {
            self.place += 1;
            if self.place < self.text.len() && matches!(self.text[self.place], b'+' | b'-') {
                self.place += 1;
            }
            is_right = self.digits() > 0 && is_right;
        }
        if !is_right {
            self.fail_at(start, "a number");
        }
    }

    const fn digits(&mut self) -> usize {
        let start = self.place;
        while self.place < self.text.len() && self.text[self.place].is_ascii_digit() {
            self.place += 1;
        }
        self.place - start
    }
}

/// The character of the escape at the start of `text`, and the length of the escape; 0 if it is invalid.
const fn escape(text: &[u8]) -> (u32, usize) {
    match text {
        [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] => (*byte as u32, 2),
        [b'\\', b'b', ..] => (8, 2),
        [b'\\', b'f', ..] => (12, 2),
        [b'\\', b'n', ..] => (10, 2),
        [b'\\', b'r', ..] => (13, 2),
        [b'\\', b't', ..] => (9, 2),
        [b'\\', b'u', ..] => match (unit(text), unit(text.split_at(second(text)).1)) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
            }
            (None | Some(0xd800..=0xdfff), _) => (0, 0),
            (Some(unit), _) => (unit, 6),
        },
        _ => (0, 0),
    }
}

/// The position of a second escape.
const fn second(text: &[u8]) -> usize {
    if text.len() < 6 { text.len() } else { 6 }
}

/// The number of `\u00e9`.
const fn unit(text: &[u8]) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = text else {
        return None;
    };
    let (mut unit, mut place) = (0, 0);
    while place < 4 {
        if place == digits.len() {
            return None;
        }
        let Some(digit) = (digits[place] as char).to_digit(16) else {
            return None;
        };
        unit = unit << 4 | digit;
        place += 1;
    }
    Some(unit)
}

/// The bytes of a string in UTF-8, one by one.
#[derive(Clone, Copy)]
pub(super) struct Unescaped<'a> {
    rest: &'a [u8],
    escaped: bool,
    /// The remaining bytes of an escaped character, the next one lowest.
    pending: u32,
}

impl<'a> Unescaped<'a> {
    /// A string without escapes.
    pub(super) const fn plain(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            escaped: false,
            pending: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.pending == 0
    }

    pub(super) const fn next(&mut self) -> Option<u8> {
        if self.pending > 0 {
            let byte = self.pending as u8;
            self.pending >>= 8;
            return Some(byte);
        }
        let [first, behind @ ..] = self.rest else {
            return None;
        };
        if !self.escaped || *first != b'\\' {
            self.rest = behind;
            return Some(*first);
        }
        let (code, len) = escape(self.rest);
        self.rest = self.rest.split_at(len).1;
        let Some(character) = char::from_u32(code) else {
            return None;
        };
        let mut bytes = [0; 4];
        character.encode_utf8(&mut bytes);
        self.pending = u32::from_le_bytes(bytes) >> 8;
        Some(bytes[0])
    }

    /// Consumes `text` if it comes next, and returns whether it did.
    pub(super) const fn take(&mut self, text: &[u8]) -> bool {
        let mut place = 0;
        while place < text.len() {
            match self.next() {
                Some(byte) if byte == text[place] => place += 1,
                _ => return false,
            }
        }
        true
    }

    /// The string up to the first line break.
    pub(super) const fn line(self) -> Self {
        let (mut behind, mut len) = (self, 0);
        while let Some(byte) = behind.next() {
            if byte == b'\n' {
                break;
            }
            if behind.pending == 0 {
                len = self.rest.len() - behind.rest.len();
            }
        }
        Self {
            rest: self.rest.split_at(len).0,
            ..self
        }
    }

    /// `==` as a `const fn`.
    pub(super) const fn is(mut self, text: &[u8]) -> bool {
        self.take(text) && self.is_empty()
    }

    /// Continues the hash `before` with this string: 64-bit FNV-1a.
    pub(super) const fn hash(mut self, before: u64) -> u64 {
        let mut hash = before;
        if !self.escaped {
            let mut place = 0;
            while place < self.rest.len() {
                hash = (hash ^ self.rest[place] as u64).wrapping_mul(0x0100_0000_01b3);
                place += 1;
            }
            return hash;
        }
        while let Some(byte) = self.next() {
            hash = (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3);
        }
        hash
    }

    /// The string as a `String`.
    #[cfg(feature = "std")]
    pub(super) fn text(mut self) -> String {
        let bytes: Vec<u8> = core::iter::from_fn(|| self.next()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The hash of nothing.
pub(super) const NO_HASH: u64 = 0xcbf2_9ce4_8422_2325;

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Option<String> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let piece = cursor.string();
        (!cursor.has_failed()).then(|| piece.string(text.as_bytes()).text())
    }

    #[test]
    fn strings_and_values_are_those_of_serde_json() {
        let strings = [
            r#""""#,
            r#""a""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""\u00e9\u20AC\uD83D\uDE00x""#,
            r#""ü""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ude00""#,
            r#""\ud83d\u0041""#,
            r#""\u00g0""#,
            r#""\u00"#,
            r#""\x41""#,
            r#""\"#,
            r#""a"#,
            "\"\n\"",
            "\"\t\"",
            r#""\u0000""#,
            "a",
        ];
        for text in strings {
            let expected = serde_json::from_str::<String>(text).ok();
            assert_eq!(string(text), expected, "{text}");
        }
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let values = [
            "{}",
            "[]",
            "[1,2]",
            "[1,]",
            "[,1]",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\"}",
            "01",
            "-0",
            "-",
            "1.",
            ".5",
            "1e",
            "1e+5",
            "-1.5E-3",
            "1e5x",
            "tru",
            "true",
            "nulll",
            "[true,false,null]",
            "[{\"a\":[{}]},[]]",
            "[}",
            "{]",
            "[1 2]",
            " 1 ",
            "",
        ];
        for text in values
            .map(str::to_owned)
            .into_iter()
            .chain([deep(127), deep(200)])
        {
            let mut cursor = Cursor::new(text.as_bytes(), 0);
            cursor.skip_value();
            cursor.skip_spaces();
            let is_whole = !cursor.has_failed() && cursor.place == text.len();
            let expected = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            assert_eq!(is_whole, expected, "{text}");
        }
        for text in [
            "0",
            "17",
            "18446744073709551615",
            "18446744073709551616",
            "007",
            "-1",
            "1.0",
            "1e2",
            "",
        ] {
            let mut cursor = Cursor::new(text.as_bytes(), 0);
            let number = cursor.number();
            let found = (!cursor.has_failed()).then_some(number);
            assert_eq!(found, serde_json::from_str::<u64>(text).ok(), "{text}");
        }
    }
}
