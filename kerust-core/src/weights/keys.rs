//! The keys of the objects in a header, which must be unique.

use super::json::{Cursor, NO_HASH, Piece, Unescaped};

/// The keys of an object with valid syntax, one by one.
struct Keys<'a> {
    cursor: Cursor<'a>,
    more: Option<bool>,
}

impl<'a> Keys<'a> {
    const fn new(text: &'a [u8], place: usize) -> Self {
        Self {
            cursor: Cursor::new(text, place),
            more: None,
        }
    }

    /// The next key. Its value must be skipped before the next call.
    const fn next(&mut self) -> Option<Piece> {
        let more = match self.more {
            None => self.cursor.enters(),
            Some(_) => self.cursor.more(),
        };
        self.more = Some(more);
        if more { Some(self.cursor.key()) } else { None }
    }
}

/// An object in a header, and the positions of its members.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) text: &'a [u8],
    pub(super) place: usize,
    pub(super) members: usize,
}

impl<'a> Object<'a> {
    /// The string with this key, if there is one.
    pub(super) const fn string(&self, name: &str) -> Option<Unescaped<'a>> {
        if self.members == 0 {
            return None;
        }
        let mut keys = Keys::new(self.text, self.place);
        while let Some(key) = keys.next() {
            if key.string(self.text).is(name.as_bytes()) {
                return Some(keys.cursor.string().string(self.text));
            }
            keys.cursor.skip_value();
        }
        None
    }

    /// All members, which are strings.
    #[cfg(feature = "std")]
    pub(super) fn strings(&self) -> std::collections::BTreeMap<String, String> {
        let mut strings = std::collections::BTreeMap::new();
        if self.members > 0 {
            let mut keys = Keys::new(self.text, self.place);
            while let Some(key) = keys.next() {
                let value = keys.cursor.string();
                let [key, value] = [key, value].map(|piece| piece.string(self.text).text());
                strings.insert(key, value);
            }
        }
        strings
    }

    /// A key that occurs twice, found by its hash.
    ///
    /// There is no heap, and rustc is slow. Therefore the keys are stored in a table of fixed size: each pass
    /// over the text handles those with one remainder.
    pub(super) const fn repeated(&self) -> Option<Piece> {
        let mut passes = (self.members / (TABLE / 2) + 1) as u64;
        let mut pass = 0;
        while pass < passes {
            match self.repeated_in(pass, passes) {
                Pass::Repeated(key) => return Some(key),
                Pass::Done => pass += 1,
                Pass::Full => (pass, passes) = (0, 2 * passes + 1),
            }
        }
        None
    }

    const fn repeated_in(&self, pass: u64, passes: u64) -> Pass {
        if self.members < 2 {
            return Pass::Done;
        }
        let (mut table, mut used) = ([0u64; TABLE], 0);
        let mut keys = Keys::new(self.text, self.place);
        while let Some(key) = keys.next() {
            // 0 marks an empty slot.
            let hash = key.string(self.text).hash(NO_HASH) | 1;
            keys.cursor.skip_value();
            if (hash >> 32) % passes != pass {
                continue;
            }
            let mut place = (hash >> 1) as usize % TABLE;
            while table[place] != 0 {
                if table[place] == hash {
                    return Pass::Repeated(key);
                }
                place = (place + 1) % TABLE;
            }
            if used == TABLE / 4 * 3 {
                return Pass::Full;
            }
            table[place] = hash;
            used += 1;
        }
        Pass::Done
    }

    /// Like [`repeated`](Self::repeated), in one pass for any number of keys.
    #[cfg(feature = "std")]
    pub(super) fn repeated_in_set(&self) -> Option<Piece> {
        if self.members < 2 {
            return None;
        }
        let mut hashes = std::collections::HashSet::new();
        let mut keys = Keys::new(self.text, self.place);
        while let Some(key) = keys.next() {
            if !hashes.insert(key.string(self.text).hash(NO_HASH) | 1) {
                return Some(key);
            }
            keys.cursor.skip_value();
        }
        None
    }
}

/// The number of keys in a pass.
const TABLE: usize = 4096;

enum Pass {
    Done,
    Full,
    Repeated(Piece),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_found_among_any_number() {
        for members in [1, 2, 17, 5_000, 20_000] {
            let mut names: Vec<String> = (0..members).map(|n| format!("\"k{n}\":\"\"")).collect();
            let found = |names: &[String]| {
                let text = format!("{{{}}}", names.join(","));
                let object = Object {
                    text: text.as_bytes(),
                    place: 0,
                    members: names.len(),
                };
                let name = |piece: Piece| piece.string(text.as_bytes()).text();
                let both = [object.repeated(), object.repeated_in_set()];
                both.map(|piece| piece.map(name))
            };
            assert_eq!(found(&names), [None, None]);
            names.push("\"k\\u0030\":{\"a\":[1]}".to_owned());
            assert_eq!(
                found(&names),
                [Some("k0".to_owned()), Some("k0".to_owned())]
            );
        }
    }
}
