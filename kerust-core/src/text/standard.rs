//! How a text is prepared and divided into words.

/// How a text is changed before it is divided: Keras's `standardize`.
///
/// As in Keras, only ASCII letters become lower-case, and only ASCII punctuation is removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Standardize {
    /// Lower-case letters, without punctuation: `"Don't!"` becomes `dont`. Keras's default.
    #[default]
    LowerAndStripPunctuation,
    /// Lower-case letters.
    Lower,
    /// Without punctuation.
    StripPunctuation,
    /// As it is.
    None,
}

/// How a text is divided into words: Keras's `split`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Split {
    /// Words between white space. Keras's default.
    #[default]
    Whitespace,
    /// Each character is a word.
    Character,
    /// The whole text is one word.
    None,
}

impl Standardize {
    /// The characters of a standardized text.
    pub(super) fn chars(self, text: &str) -> impl Iterator<Item = char> + Clone {
        let lower = matches!(self, Self::LowerAndStripPunctuation | Self::Lower);
        let strip = matches!(
            self,
            Self::LowerAndStripPunctuation | Self::StripPunctuation
        );
        let kept = text.chars();
        let kept = kept.filter(move |c| !(strip && c.is_ascii_punctuation()));
        kept.map(move |c| if lower { c.to_ascii_lowercase() } else { c })
    }
}

impl Split {
    /// The parts of a text that are words once they are standardized. Standardization removes no white space and
    /// adds none, so that the text can be divided first.
    pub(super) fn parts(self, text: &str) -> Parts<'_> {
        Parts {
            rest: Some(text),
            split: self,
        }
    }

    /// Whether an empty part is no word, but nothing.
    pub(super) const fn skips_empty(self) -> bool {
        !matches!(self, Self::None)
    }
}

/// The parts of a text.
pub(super) struct Parts<'a> {
    rest: Option<&'a str>,
    split: Split,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (part, rest) = match self.split {
            Split::None => (rest, None),
            Split::Character => {
                let len = rest.chars().next()?.len_utf8();
                let (part, rest) = rest.split_at_checked(len)?;
                (part, Some(rest))
            }
            Split::Whitespace => {
                let rest = rest.trim_start_matches(is_white);
                if rest.is_empty() {
                    return None;
                }
                match rest.split_once(is_white) {
                    Some((part, rest)) => (part, Some(rest)),
                    None => (rest, None),
                }
            }
        };
        self.rest = rest;
        Some(part)
    }
}

/// The white space of C, at which TensorFlow divides.
fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(split: Split, text: &str) -> Vec<&str> {
        split.parts(text).collect()
    }

    #[test]
    fn texts_are_divided() {
        let text = " a b\t\u{b}c\u{a0}d \r\n";
        assert_eq!(parts(Split::Whitespace, text), ["a", "b", "c\u{a0}d"]);
        assert_eq!(parts(Split::Whitespace, " \n"), [""; 0]);
        assert_eq!(parts(Split::Character, "aé b"), ["a", "é", " ", "b"]);
        assert_eq!(parts(Split::None, " a b"), [" a b"]);
        assert_eq!(parts(Split::None, ""), [""]);
    }

    #[test]
    fn texts_are_standardized() {
        let all = |standardize: Standardize| standardize.chars("ÉA-b'C.").collect::<String>();
        assert_eq!(all(Standardize::LowerAndStripPunctuation), "Éabc");
        assert_eq!(all(Standardize::Lower), "Éa-b'c.");
        assert_eq!(all(Standardize::StripPunctuation), "ÉAbC");
        assert_eq!(all(Standardize::None), "ÉA-b'C.");
    }
}
