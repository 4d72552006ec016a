//! The names of tensors, built without a heap, and the distance between two names.

use super::fault::Text;
use super::json::{NO_HASH, Unescaped};

/// The name of a tensor: the names of the fields on its path, joined by dots.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) before: Option<&'a Name<'a>>,
    pub(super) own: &'a str,
}

impl Name<'_> {
    pub(super) const fn is(&self, mut name: Unescaped<'_>) -> bool {
        self.take_from(&mut name) && name.is_empty()
    }

    const fn take_from(&self, name: &mut Unescaped<'_>) -> bool {
        let is_led = match self.before {
            None => true,
            Some(before) => before.take_from(name) && name.take(b"."),
        };
        is_led && name.take(self.own.as_bytes())
    }

    pub(super) const fn hash(&self) -> u64 {
        let before = match self.before {
            None => NO_HASH,
            Some(before) => Unescaped::plain(".").hash(before.hash()),
        };
        Unescaped::plain(self.own).hash(before)
    }

    /// The length in bytes.
    pub(super) const fn len(&self) -> usize {
        let before = match self.before {
            None => 0,
            Some(before) => before.len() + 1,
        };
        before + self.own.len()
    }

    pub(super) const fn write(&self, text: Text) -> Text {
        match self.before {
            None => text.str(self.own),
            Some(before) => before.write(text).str(".").str(self.own),
        }
    }
}

/// The maximum length of names that are compared, in bytes. A longer name is not similar to any.
const MOST_COMPARED: usize = 256;

/// The Levenshtein distance between two names (insertions, deletions and replacements), limited to `most`.
pub(super) const fn distance(mut found: Unescaped<'_>, expected: &Name<'_>, most: usize) -> usize {
    let text = expected.write(Text::new());
    let (b, mut row) = (text.as_str().as_bytes(), [0; MOST_COMPARED + 1]);
    if b.len() > MOST_COMPARED {
        return most;
    }
    let mut j = 0;
    while j <= b.len() {
        row[j] = j;
        j += 1;
    }
    let mut i = 0;
    while let Some(byte) = found.next() {
        if i >= b.len() + most {
            return most;
        }
        let mut diagonal = row[0];
        i += 1;
        row[0] = i;
        let mut j = 0;
        while j < b.len() {
            let replaced = diagonal + (byte != b[j]) as usize;
            diagonal = row[j + 1];
            row[j + 1] = least(replaced, least(row[j], diagonal) + 1);
            j += 1;
        }
    }
    least(row[b.len()], most)
}

const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_insertions_removals_and_replacements() {
        let dense = Name {
            before: None,
            own: "dense",
        };
        let name = Name {
            before: Some(&dense),
            own: "bias",
        };
        for (found, expected) in [
            ("dense.bias", 0),
            ("dense.bia", 1),
            ("dense..bias", 1),
            ("dense_bias", 1),
            ("bias", 6),
            ("dense_17.kernel", 7),
            ("another name that is longer", 7),
        ] {
            assert_eq!(
                distance(Unescaped::plain(found), &name, 7),
                expected,
                "{found}"
            );
        }
        assert!(
            name.is(Unescaped::plain("dense.bias")) && !name.is(Unescaped::plain("dense.bias."))
        );
        assert_eq!(name.hash(), Unescaped::plain("dense.bias").hash(NO_HASH));
        assert_eq!(name.len(), 10);
    }
}
