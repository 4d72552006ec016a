//! Errors, which are collected and reported together.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use std::fmt::Display;

/// The errors of a model.
#[derive(Default)]
pub struct Diagnostics {
    faults: Vec<Fault>,
}

/// A mistake, with the wrong tokens.
pub struct Fault {
    tokens: TokenStream,
    message: String,
    detailed: bool,
}

impl Diagnostics {
    /// Reports `message` on `tokens`.
    pub fn fault(&mut self, tokens: impl ToTokens, message: impl Display) -> &mut Fault {
        self.faults.push(Fault {
            tokens: tokens.into_token_stream(),
            message: message.to_string(),
            detailed: false,
        });
        self.faults.last_mut().expect("a fault was pushed")
    }

    /// Reports an error of syn. If the end of the input is reached, the error is at `end`.
    pub fn syntax(&mut self, error: &syn::Error, end: Span) -> &mut Fault {
        const AT_THE_END: &str = "unexpected end of input, ";
        let message = error.to_string();
        let (span, message) = match message.strip_prefix(AT_THE_END) {
            Some(expected) => (end, expected.to_owned()),
            None => (error.span(), message),
        };
        self.fault(Ident::new("fault", span), message)
    }

    /// The error with this index, for adding notes.
    pub fn again(&mut self, number: usize) -> &mut Fault {
        &mut self.faults[number]
    }

    /// Whether nothing was reported.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// How many faults were reported.
    pub fn len(&self) -> usize {
        self.faults.len()
    }

    /// All errors combined into one.
    pub fn into_error(self) -> Option<syn::Error> {
        self.faults
            .into_iter()
            .map(|fault| syn::Error::new_spanned(fault.tokens, fault.message))
            .reduce(|mut all, error| {
                all.combine(error);
                all
            })
    }
}

impl Fault {
    /// Adds a note about the cause.
    pub fn note(&mut self, text: impl Display) -> &mut Self {
        self.detail("note", text)
    }

    /// Adds a help text.
    pub fn help(&mut self, text: impl Display) -> &mut Self {
        self.detail("help", text)
    }

    // rustc indents the lines of a message under its first line. The empty line makes them look like rustc's
    // own notes.
    fn detail(&mut self, kind: &str, text: impl Display) -> &mut Self {
        let gap = if self.detailed { "\n" } else { "\n\n" };
        self.message += &format!("{gap}= {kind}: {text}");
        self.detailed = true;
        self
    }
}

/// The most likely candidate: one with the same letters in another case, or the nearest within a third of the
/// length.
pub fn nearest<'a>(
    found: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let plain = |text: &str| text.replace('_', "").to_lowercase();
    let same = candidates
        .clone()
        .into_iter()
        .find(|candidate| plain(candidate) == plain(found));
    same.or_else(|| {
        candidates
            .into_iter()
            .map(|candidate| (distance(found, candidate), candidate))
            .filter(|(distance, _)| *distance <= (found.chars().count() / 3).max(1))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, candidate)| candidate)
    })
}

/// The number of insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let best = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best.min(table[i - 2][j - 2] + 1)
                } else {
                    best
                }
            };
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: [&str; 4] = ["Conv2D", "Dense", "Dropout", "MaxPooling2D"];

    #[test]
    fn another_case_is_nearest() {
        assert_eq!(nearest("conv2d", LAYERS), Some("Conv2D"));
        assert_eq!(nearest("max_pooling2d", LAYERS), Some("MaxPooling2D"));
    }

    #[test]
    fn swapped_neighbours_are_near() {
        assert_eq!(nearest("Dnese", LAYERS), Some("Dense"));
    }

    #[test]
    fn another_word_is_not_near() {
        assert_eq!(nearest("Affine", LAYERS), None);
        assert_eq!(nearest("SimpleDense", LAYERS), None);
    }

    #[test]
    fn details_follow_the_fault_after_an_empty_line() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.fault(quote::quote!(x), "a").note("b").help("c");
        assert_eq!(
            diagnostics.into_error().unwrap().to_string(),
            "a\n\n= note: b\n= help: c"
        );
    }
}
