//! Binds the arguments of a layer to its parameters.

mod check;
mod foreign;
mod read;
mod training;
mod words;

use crate::ast::{Argument, Layer, Value, ValueKind};
use crate::diagnostics::Diagnostics;
use crate::functions;
use crate::habits;
use crate::value::{short, text};
use crate::words::Vocabulary;
#[cfg(test)]
pub use check::sample;
use check::{check, example};
use kerust_core::shape::Bounds;
use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
pub use training::{ACTIVITY, Setting, is_path};
pub use words::bare;
use words::unknown;

/// A parameter of a layer, with Keras's name.
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// Whether the parameter does not affect inference.
    pub training_only: bool,
}

/// The kind of a parameter.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A size.
    Count,
    /// A size, or -1 for all.
    CountOrAll,
    /// Rows and columns: `3x3` or `3`.
    Pair,
    /// Steps before and after: `1` or `(1, 2)`.
    Ends,
    /// An axis of each of two values, or one for both. It may be negative.
    PairOfAxes,
    /// What stands on the four sides of an image: `1`, `(1, 2)`, `1x2` or `((1, 2), (3, 4))`.
    Borders,
    /// A shape with the batch, which is `None`; `None` is the size of the sample.
    NoiseShape,
    /// All remaining sizes. If `open`, one size may be -1.
    Sizes { open: bool },
    /// An axis: an integer, which the macro must know.
    Axis,
    /// An axis, or several: `1` or `(1, 2)`.
    Axes,
    /// A number that can have a fraction.
    Number(Bounds),
    /// A number, or several: `0.5` or `(0.5, 0.4, 0.3)`.
    Numbers(Bounds),
    /// A number for both sides, or the two ends of a range: `0.2` or `(-0.2, 0.2)`.
    Factor(Bounds),
    /// A number to both sides, or the two ends of a range in parentheses.
    Range(Bounds),
    /// `true` or `false`.
    Flag,
    /// One of a set of words.
    Word(&'static Vocabulary),
    /// A penalty for an array of weights: `l2(0.01)`.
    Regularizer,
    /// A constraint for an array of weights: `max_norm(2)`.
    Constraint,
}

/// The arguments of a layer, bound and checked.
pub struct Arguments<'a> {
    layer: &'a Layer,
    parameters: &'a [Parameter],
    bound: Vec<Vec<&'a Value>>,
    /// Whether an invalid value was given, so that no other value is bound to the parameter.
    refused: Vec<bool>,
    /// The const parameters of the model.
    generics: &'a [String],
    /// The error that lists arguments with names from other libraries.
    foreign: Option<usize>,
    /// `name = sign`
    pub name: Option<Ident>,
    /// `trainable = false`
    pub trainable: bool,
    /// Whether the arguments that determine the shape are valid.
    pub sound: bool,
}

impl Kind {
    /// Whether the output shape depends on it.
    fn shapes(self) -> bool {
        match self {
            Self::Count
            | Self::Pair
            | Self::Ends
            | Self::PairOfAxes
            | Self::Borders
            | Self::Sizes { .. } => true,
            Self::Axis
            | Self::Axes
            | Self::CountOrAll
            | Self::NoiseShape
            | Self::Number(_)
            | Self::Numbers(_)
            | Self::Factor(_)
            | Self::Range(_)
            | Self::Flag
            | Self::Regularizer
            | Self::Constraint => false,
            Self::Word(vocabulary) => vocabulary.what == "padding",
        }
    }
}

impl<'a> Arguments<'a> {
    /// Binds the arguments. Errors are reported, and valid arguments remain known.
    pub fn bind(
        layer: &'a Layer,
        parameters: &'a [Parameter],
        generics: &'a [String],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        Self::bind_behind(layer, 0, parameters, generics, diagnostics)
    }

    /// Binds the arguments after this number of values that the layer is applied to.
    pub fn bind_behind(
        layer: &'a Layer,
        values: usize,
        parameters: &'a [Parameter],
        generics: &'a [String],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut arguments = Self {
            layer,
            parameters,
            bound: parameters.iter().map(|_| Vec::new()).collect(),
            refused: vec![false; parameters.len()],
            generics,
            foreign: None,
            name: None,
            trainable: true,
            sound: true,
        };
        let faults = diagnostics.len();
        for argument in layer.arguments().iter().skip(values) {
            match &argument.keyword {
                Some(keyword) => arguments.keyword(keyword, argument, diagnostics),
                None => arguments.positional(argument, diagnostics),
            }
        }
        let has_sizes = parameters
            .iter()
            .any(|it| matches!(it.kind, Kind::Sizes { .. }));
        arguments.sound &= !(has_sizes && layer.faulty_arguments);
        // An argument that could not be read may be the missing one.
        let sound = diagnostics.len() == faults && !layer.faulty_arguments;
        let unbound = parameters.iter().zip(&arguments.bound);
        for (parameter, _) in unbound.filter(|(it, values)| it.required && values.is_empty()) {
            if sound {
                let kind = layer.ident();
                let missing = match parameter.kind {
                    Kind::Sizes { .. } => "its sizes".to_owned(),
                    _ => format!("`{}`", parameter.name),
                };
                diagnostics
                    .fault(&layer.tokens, format!("`{kind}` is missing {missing}"))
                    .help(format!("write `{}`", example(kind, parameters)));
            }
            arguments.sound &= !parameter.kind.shapes();
        }
        arguments
    }

    fn keyword(&mut self, keyword: &Ident, argument: &'a Argument, diagnostics: &mut Diagnostics) {
        if keyword == "name" {
            return self.rename(argument, diagnostics);
        }
        if keyword == "trainable" {
            return self.trainable(argument, diagnostics);
        }
        let found = keyword.to_string();
        let place = |name: &str| self.parameters.iter().position(|it| it.name == name);
        let Some(place) = place(&found) else {
            if let Some(place) = self.foreign(keyword, argument, diagnostics).and_then(place)
                && self.bound[place].is_empty()
            {
                // Bound as it was meant, so that no later mistake is hidden.
                self.accept(place, argument, &mut Diagnostics::default());
            }
            return;
        };
        if !self.bound[place].is_empty() {
            diagnostics
                .fault(keyword, format!("`{found}` is given twice"))
                .note(format!(
                    "it is `{}` already",
                    text(&self.bound[place][0].tokens)
                ))
                .help("remove one of the two");
            return;
        }
        self.accept(place, argument, diagnostics);
    }

    fn positional(&mut self, argument: &'a Argument, diagnostics: &mut Diagnostics) {
        let value = &argument.value;
        let next = self.next(value);
        if let ValueKind::Word(word) = &value.kind
            && self.bare_word(word, next, value, diagnostics)
        {
            return;
        }
        if let Some(bare) = bare(value)
            && let Some(place) = self.word_of(&bare)
        {
            return self.accept(place, argument, diagnostics);
        }
        if let Some(place) = self.custom_activation(value) {
            return self.accept(place, argument, diagnostics);
        }
        let Some(next) = next else {
            let kind = self.layer.ident();
            let count = self.parameters.len();
            let plural = if count == 1 { "" } else { "s" };
            if matches!(value.kind, ValueKind::Faulty) {
                return;
            }
            diagnostics
                .fault(
                    &value.tokens,
                    format!("`{kind}` takes {count} argument{plural}, found one more"),
                )
                .help(format!("remove `{}`", text(&value.tokens)));
            return;
        };
        self.accept(next, argument, diagnostics);
    }

    /// The parameter for a value without a name.
    fn next(&self, value: &Value) -> Option<usize> {
        let second = matches!(
            value.kind,
            ValueKind::Integer(_)
                | ValueKind::Float(_)
                | ValueKind::Expression
                | ValueKind::Word(_)
        );
        let takes = |place: &usize| match (self.parameters[*place].kind, &self.bound[*place]) {
            (Kind::Sizes { .. }, _) => true,
            _ if self.refused[*place] => false,
            (Kind::Factor(_), values) => match values.as_slice() {
                [] => true,
                [first] => second && !matches!(first.kind, ValueKind::Tuple(_)),
                _ => false,
            },
            (_, values) => values.is_empty(),
        };
        (0..self.parameters.len()).find(takes)
    }

    /// The first parameter that accepts the word, in any spelling.
    fn word_of(&self, found: &str) -> Option<usize> {
        self.parameters.iter().position(|it| match it.kind {
            Kind::Word(vocabulary) => {
                habits::word(found, vocabulary).is_some()
                    || habits::is_word_of_keras(found, vocabulary)
            }
            _ => false,
        })
    }

    /// Binds a bare word to the only parameter that accepts it; `false` if it may be a constant.
    fn bare_word(
        &mut self,
        word: &Ident,
        next: Option<usize>,
        value: &'a Value,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let found = word.to_string();
        let vocabularies = || {
            self.parameters
                .iter()
                .enumerate()
                .filter_map(|(place, it)| match it.kind {
                    Kind::Word(vocabulary) => Some((place, it.name, vocabulary)),
                    _ => None,
                })
        };
        let fitting: Vec<_> = vocabularies()
            .filter(|(_, _, vocabulary)| {
                let mut functions = functions::of(vocabulary).iter();
                vocabulary.find(&found).is_some() || functions.any(|it| it.name == found)
            })
            .collect();
        match fitting.as_slice() {
            [(place, name, _)] => {
                let place = *place;
                if !self.bound[place].is_empty() {
                    diagnostics
                        .fault(word, format!("`{name}` is given twice"))
                        .note(format!(
                            "it is `{}` already",
                            text(&self.bound[place][0].tokens)
                        ))
                        .help("remove one of the two");
                    return true;
                }
                match check(&self.parameters[place], value, false, diagnostics) {
                    true => self.bound[place].push(value),
                    false => self.refused[place] = true,
                }
                true
            }
            [(_, first, _), (_, second, _), ..] => {
                diagnostics
                    .fault(word, format!("`{found}` may be `{first}` or `{second}`"))
                    .help(format!("write which: `{first} = {found}`"));
                true
            }
            [] => {
                let upper = found.chars().any(char::is_uppercase);
                // After the required parameters, a lower-case word is not a constant.
                let takes_word = next.is_none_or(|next| {
                    let next = &self.parameters[next];
                    matches!(next.kind, Kind::Word(_)) || !(next.required || upper)
                });
                let generic = self.generics.contains(&found);
                let near = vocabularies().find_map(|(_, _, vocabulary)| {
                    habits::near(&found, vocabulary).map(|name| (vocabulary, name))
                });
                let of_keras = vocabularies()
                    .find(|(_, _, vocabulary)| habits::is_word_of_keras(&found, vocabulary));
                let value_of_python = matches!(found.as_str(), "True" | "False" | "None");
                let no_word = !takes_word && near.is_none() && of_keras.is_none();
                if generic || (upper && !takes_word) || no_word || value_of_python {
                    return false;
                }
                if let (None, Some((place, _, vocabulary))) = (near, of_keras) {
                    self.sound &= !self.parameters[place].kind.shapes();
                    unknown(word, vocabulary, None, diagnostics);
                    return true;
                }
                let first = vocabularies().next();
                let (vocabulary, near) = match (near, first) {
                    (Some((vocabulary, name)), _) => (vocabulary, Some(name)),
                    (None, Some((_, _, vocabulary))) => (vocabulary, None),
                    (None, None) => return false,
                };
                self.sound &= !Kind::Word(vocabulary).shapes();
                unknown(word, vocabulary, near, diagnostics);
                true
            }
        }
    }

    fn rename(&mut self, argument: &Argument, diagnostics: &mut Diagnostics) {
        let tokens = &argument.value.tokens;
        let name = match &argument.value.kind {
            ValueKind::Word(name) => name.clone(),
            ValueKind::Faulty => return,
            _ => {
                let written = short(tokens);
                let bare = written.trim_matches('"');
                diagnostics
                    .fault(
                        tokens,
                        format!("a layer's name is an identifier, found `{written}`"),
                    )
                    .help(if syn::parse_str::<Ident>(bare).is_ok() {
                        format!("write `name = {bare}`")
                    } else {
                        "write `name = sign`".to_owned()
                    });
                return;
            }
        };
        if name != "_" && name.to_string().starts_with("r#") {
            diagnostics
                .fault(
                    &name,
                    format!("`{name}` is a raw identifier, expected a plain name for a field"),
                )
                .help(format!("write `name = {}_`", name.unraw()));
        } else if syn::parse2::<Ident>(name.to_token_stream()).is_err() {
            let written = match name == "_" {
                true => "sign".to_owned(),
                false => format!("{name}_"),
            };
            diagnostics
                .fault(
                    &name,
                    format!("`{name}` is a keyword of Rust, expected a name for a field"),
                )
                .help(format!("write `name = {written}`"));
        } else if self.name.is_some() {
            diagnostics
                .fault(&name, "`name` is given twice")
                .help("remove one of the two");
        } else {
            self.name = Some(name);
        }
    }

    fn accept(&mut self, place: usize, argument: &'a Argument, diagnostics: &mut Diagnostics) {
        let parameter = &self.parameters[place];
        let value = &argument.value;
        let quiet = &mut Diagnostics::default();
        let diagnostics = if argument.is_reported {
            quiet
        } else {
            diagnostics
        };
        if check(parameter, value, argument.keyword.is_some(), diagnostics) {
            self.bound[place].push(value);
        } else {
            self.refused[place] = true;
            self.sound &= !parameter.kind.shapes();
        }
    }
}
