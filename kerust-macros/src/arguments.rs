//! Binds what a user wrote between parentheses to the parameters of a layer.

mod check;
mod read;

use crate::ast::{Argument, Layer, Value, ValueKind};
use crate::report::{Report, nearest};
use crate::value::text;
use crate::words::Vocabulary;
use check::{check, example, unknown};
use proc_macro2::Ident;

/// What a layer takes under one name, as Keras names it.
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// Whether inference computes the same whatever it is.
    pub training_only: bool,
}

/// What an argument is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A size.
    Count,
    /// Rows and columns: `3x3` or `3`.
    Pair,
    /// Every size that is left; a size may be -1 if it says so.
    Sizes { open: bool },
    /// A number with a fraction.
    Number,
    /// `true` or `false`.
    Flag,
    /// One of a set of words.
    Word(&'static Vocabulary),
}

/// The arguments of one layer, bound and checked.
pub struct Arguments<'a> {
    layer: &'a Layer,
    parameters: &'a [Parameter],
    bound: Vec<Vec<&'a Value>>,
    /// The const parameters of the model.
    generics: &'a [String],
    /// `name = sign`
    pub name: Option<Ident>,
    /// Whether nothing was wrong with them.
    pub sound: bool,
}

impl<'a> Arguments<'a> {
    /// Binds; `None` when something that the layer cannot do without is missing.
    pub fn bind(
        layer: &'a Layer,
        parameters: &'a [Parameter],
        generics: &'a [String],
        report: &mut Report,
    ) -> Option<Self> {
        let mut arguments = Self {
            layer,
            parameters,
            bound: parameters.iter().map(|_| Vec::new()).collect(),
            generics,
            name: None,
            sound: true,
        };
        let mut sound = true;
        let mut complete = true;
        for argument in layer.arguments() {
            sound &= match &argument.keyword {
                Some(keyword) => arguments.keyword(keyword, argument, report),
                None => arguments.positional(argument, report),
            };
        }
        let unbound = parameters.iter().zip(&arguments.bound);
        for (parameter, _) in unbound.filter(|(it, values)| it.required && values.is_empty()) {
            if sound {
                let kind = layer.ident();
                let missing = match parameter.kind {
                    Kind::Sizes { .. } => "its sizes".to_owned(),
                    _ => format!("`{}`", parameter.name),
                };
                report
                    .fault(&layer.tokens, format!("`{kind}` misses {missing}"))
                    .help(format!("write `{}`", example(kind, parameters)));
            }
            complete = false;
        }
        arguments.sound = sound;
        complete.then_some(arguments)
    }

    fn keyword(&mut self, keyword: &Ident, argument: &'a Argument, report: &mut Report) -> bool {
        if keyword == "name" {
            return self.rename(argument, report);
        }
        let found = keyword.to_string();
        let Some(place) = self.parameters.iter().position(|it| it.name == found) else {
            let kind = self.layer.ident();
            let names = self.parameters.iter().map(|it| it.name).chain(["name"]);
            let fault = report.fault(keyword, format!("`{kind}` has no argument `{found}`"));
            match nearest(&found, names.clone()) {
                Some(name) => fault.help(format!("did you mean `{name}`?")),
                None => fault.help(format!(
                    "it takes {}",
                    names
                        .map(|name| format!("`{name}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            };
            return false;
        };
        if !self.bound[place].is_empty() {
            report
                .fault(keyword, format!("`{found}` is given twice"))
                .note(format!(
                    "it is `{}` already",
                    text(&self.bound[place][0].tokens)
                ))
                .help("remove one of the two");
            return false;
        }
        self.accept(place, &argument.value, report)
    }

    fn positional(&mut self, argument: &'a Argument, report: &mut Report) -> bool {
        let value = &argument.value;
        let next = self
            .parameters
            .iter()
            .zip(&self.bound)
            .position(|(it, values)| values.is_empty() || matches!(it.kind, Kind::Sizes { .. }));
        if let ValueKind::Word(word) = &value.kind
            && let Some(sound) = self.bare_word(word, next, value, report)
        {
            return sound;
        }
        let Some(next) = next else {
            let kind = self.layer.ident();
            let count = self.parameters.len();
            let plural = if count == 1 { "" } else { "s" };
            report
                .fault(
                    &value.tokens,
                    format!("`{kind}` takes {count} argument{plural}, found one more"),
                )
                .help(format!("remove `{}`", text(&value.tokens)));
            return false;
        };
        self.accept(next, value, report)
    }

    /// Binds a bare word to the only parameter that knows it. `None` when it may be a constant.
    fn bare_word(
        &mut self,
        word: &Ident,
        next: Option<usize>,
        value: &'a Value,
        report: &mut Report,
    ) -> Option<bool> {
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
            .filter(|(_, _, vocabulary)| vocabulary.find(&found).is_some())
            .collect();
        match fitting.as_slice() {
            [(place, name, _)] => {
                let place = *place;
                if !self.bound[place].is_empty() {
                    report
                        .fault(word, format!("`{name}` is given twice"))
                        .note(format!(
                            "it is `{}` already",
                            text(&self.bound[place][0].tokens)
                        ))
                        .help("remove one of the two");
                    return Some(false);
                }
                self.bound[place].push(value);
                Some(true)
            }
            [(_, first, _), (_, second, _), ..] => {
                report
                    .fault(word, format!("`{found}` may be `{first}` or `{second}`"))
                    .help(format!("write which: `{first} = {found}`"));
                Some(false)
            }
            [] => {
                let takes_word =
                    next.is_none_or(|next| matches!(self.parameters[next].kind, Kind::Word(_)));
                let upper = found.chars().next().is_some_and(char::is_uppercase);
                let generic = self.generics.contains(&found);
                let near = vocabularies().find_map(|(_, _, vocabulary)| {
                    nearest(&found, vocabulary.names()).map(|name| (vocabulary, name))
                });
                if generic || (upper && !takes_word) || (!takes_word && near.is_none()) {
                    return None;
                }
                let first = vocabularies().next();
                let (vocabulary, near) = match (near, first) {
                    (Some((vocabulary, name)), _) => (vocabulary, Some(name)),
                    (None, Some((_, _, vocabulary))) => (vocabulary, None),
                    (None, None) => return None,
                };
                unknown(word, vocabulary, near, report);
                Some(false)
            }
        }
    }

    fn rename(&mut self, argument: &Argument, report: &mut Report) -> bool {
        let tokens = &argument.value.tokens;
        let name = match &argument.value.kind {
            ValueKind::Word(name) => name.clone(),
            _ => {
                let written = text(tokens);
                let bare = written.trim_matches('"');
                report
                    .fault(
                        tokens,
                        format!("a layer's name is an identifier, found `{written}`"),
                    )
                    .help(if syn::parse_str::<Ident>(bare).is_ok() {
                        format!("write `name = {bare}`")
                    } else {
                        "write `name = sign`".to_owned()
                    });
                return true;
            }
        };
        if syn::parse2::<Ident>(tokens.clone()).is_err() {
            report
                .fault(
                    &name,
                    format!("`{name}` is a keyword of Rust, expected a name for a field"),
                )
                .help(format!("write `name = {name}_`"));
        } else if self.name.is_some() {
            report
                .fault(&name, "`name` is given twice")
                .help("remove one of the two");
        } else {
            self.name = Some(name);
        }
        true
    }

    fn accept(&mut self, place: usize, value: &'a Value, report: &mut Report) -> bool {
        let parameter = &self.parameters[place];
        let sound = check(parameter, value, report);
        if sound {
            self.bound[place].push(value);
        }
        sound
    }
}
