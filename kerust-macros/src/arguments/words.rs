//! Words, and their equivalents in other libraries.

use super::{Arguments, Kind};
use crate::ast::{Value, ValueKind};
use crate::diagnostics::Diagnostics;
use crate::functions::{self, custom};
use crate::habits;
use crate::value::{short, text};
use crate::words::{ACTIVATIONS, STEP_ACTIVATIONS, Vocabulary};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

impl Arguments<'_> {
    /// The activation, if it is not given yet and the value is a custom one: no other argument takes a value of such a
    /// type without a name.
    pub(super) fn custom_activation(&self, value: &Value) -> Option<usize> {
        let place = self.parameters.iter().position(
            |it| matches!(it.kind, Kind::Word(vocabulary) if std::ptr::eq(vocabulary, &ACTIVATIONS)),
        )?;
        let is_free = self.bound[place].is_empty() && !self.refused[place];
        let is_custom = custom::names_a_type(value) && custom::is_custom(&ACTIVATIONS, value);
        (is_free && is_custom).then_some(place)
    }
}

/// A word in another notation: `"relu"`, `activations.relu`, `nn.ReLU()`.
pub fn word(
    name: &str,
    vocabulary: &Vocabulary,
    value: &Value,
    named: bool,
    diagnostics: &mut Diagnostics,
) -> bool {
    let found = short(&value.tokens);
    let bare = bare(value);
    let near = bare
        .as_deref()
        .and_then(|bare| habits::near(bare, vocabulary));
    let fault = diagnostics.fault(
        &value.tokens,
        format!("`{name}` takes a word, found `{found}`"),
    );
    match (near, bare) {
        (Some(word), _) if has_settings(value) => match with_settings(word, vocabulary, value) {
            Some(meant) => fault.help(format!("write `{name} = {meant}`")),
            None => fault
                .note("its settings are those that Keras has by default")
                .help(format!("write `{name} = {word}`")),
        },
        (Some(word), _) if named => fault.help(format!("write `{name} = {word}`")),
        (Some(word), _) => fault.help(format!("write `{word}`")),
        (None, Some(bare)) if habits::is_word_of_keras(&bare, vocabulary) => fault
            .note(format!(
                "`{bare}` is Keras's, and kerust does not have it yet"
            ))
            .help(list(vocabulary)),
        _ if std::ptr::eq(vocabulary, &STEP_ACTIVATIONS)
            && custom::is_custom(vocabulary, value) =>
        {
            fault
                .note("the steps of a recurrent layer do not take a custom activation")
                .help(list(vocabulary))
        }
        _ => fault.help(list(vocabulary)),
    };
    false
}

/// The last word of a value in another notation: `ReLU` of `nn.ReLU()`.
pub fn bare(value: &Value) -> Option<String> {
    if let ValueKind::Text(written) = &value.kind {
        return written.rsplit(['.', ':']).next().map(str::to_owned);
    }
    if !matches!(value.kind, ValueKind::Expression) {
        return None;
    }
    let mut last = None;
    for token in value.tokens.clone() {
        match token {
            TokenTree::Ident(word) if word != "new" && word != "default" => last = Some(word),
            TokenTree::Ident(_) => {}
            TokenTree::Punct(punct) if matches!(punct.as_char(), '.' | ':' | '!') => {}
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                // `format!("relu")`
                let inner = group.stream();
                match last.as_ref().map(Ident::to_string).as_deref() {
                    Some("format" | "str" | "String") => {
                        let text = syn::parse2::<syn::LitStr>(inner);
                        return text.ok().map(|text| text.value());
                    }
                    Some("Some" | "Ok" | "Box") => {
                        return syn::parse2::<Ident>(inner)
                            .ok()
                            .map(|word| word.to_string());
                    }
                    _ => break,
                }
            }
            _ => return None,
        }
    }
    last.map(|word| word.to_string())
}

/// Whether a call has arguments.
fn has_settings(value: &Value) -> bool {
    let name = value.tokens.clone().into_iter().next();
    if matches!(name, Some(TokenTree::Ident(name)) if ["format", "Some", "Ok"].iter().any(|it| name == it))
    {
        return false;
    }
    let last = value.tokens.clone().into_iter().last();
    matches!(last, Some(TokenTree::Group(group)) if !group.stream().is_empty())
}

/// The word with the settings of a call: `random_normal(stddev = 0.05)` for `initializers.RandomNormal(stddev=0.05)`. `None` if
/// the word does not take them.
fn with_settings(word: &str, vocabulary: &Vocabulary, value: &Value) -> Option<String> {
    let settings = value.tokens.clone().into_iter().last()?;
    let tokens: TokenStream = format!("{word}{settings}").parse().ok()?;
    let written = text(&tokens);
    let meant = Value {
        kind: ValueKind::Expression,
        tokens,
    };
    let is_valid = matches!(functions::read(vocabulary, &meant), Some(Ok(_)));
    is_valid.then_some(written)
}

pub fn unknown(
    word: &Ident,
    vocabulary: &Vocabulary,
    near: Option<&str>,
    diagnostics: &mut Diagnostics,
) {
    let found = word.to_string();
    let what = vocabulary.what;
    if what == "padding" && found == "causal" {
        diagnostics
            .fault(word, "`causal` is a padding of `Conv1D` only")
            .note("only for a sequence must an output not depend on later steps")
            .help(list(vocabulary));
        return;
    }
    if near.is_none() && habits::is_word_of_keras(&found, vocabulary) {
        diagnostics
            .fault(
                word,
                format!("the {what} `{found}` is Keras's, and kerust does not have it yet"),
            )
            .help(list(vocabulary));
        return;
    }
    let fault = diagnostics.fault(word, format!("unknown {what} `{word}`"));
    match near {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(list(vocabulary)),
    };
}

fn list(vocabulary: &Vocabulary) -> String {
    let functions = functions::of(vocabulary)
        .iter()
        .map(|function| function.name);
    let functions = functions.filter(|name| vocabulary.find(name).is_none());
    let words = vocabulary.names().chain(functions);
    let words: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    format!("write one of {}", words.join(", "))
}
