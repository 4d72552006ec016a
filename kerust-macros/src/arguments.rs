//! Binds what a user wrote between parentheses to the parameters of a layer.

use crate::ast::{Argument, Layer, Value, ValueKind};
use crate::report::{Report, nearest};
use crate::value::{Number, Pair, Size, real, text};
use crate::words::Vocabulary;
use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;

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

    fn place(&self, name: &str) -> usize {
        let place = self.parameters.iter().position(|it| it.name == name);
        place.unwrap_or_else(|| unreachable!("the row names its parameter `{name}`"))
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.bound[self.place(name)].first().copied()
    }

    /// Whether the layer has a parameter of this name.
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|it| it.name == name)
    }

    /// Where the layer's name was written.
    pub fn span(&self) -> Span {
        self.layer.ident().span()
    }

    /// A size that is required.
    pub fn count(&self, name: &str) -> Size {
        self.optional_count(name).unwrap_or_else(|| Size::known(1))
    }

    /// A size.
    pub fn optional_count(&self, name: &str) -> Option<Size> {
        self.value(name).map(|value| self.size(value))
    }

    fn size(&self, value: &Value) -> Size {
        if let ValueKind::Integer(number) = value.kind {
            return Size::known(usize::try_from(number).unwrap_or(usize::MAX));
        }
        let bare = matches!(value.kind, ValueKind::Word(_));
        let nameable = bare || !mentions(&value.tokens, self.generics);
        Size::expression(value.tokens.clone(), nameable)
    }

    /// Rows and columns.
    pub fn pair(&self, name: &str) -> Option<Pair> {
        let value = self.value(name)?;
        Some(match &value.kind {
            ValueKind::Sizes(sizes) => Pair(Size::known(sizes[0]), Size::known(sizes[1])),
            _ => Pair(self.size(value), self.size(value)),
        })
    }

    /// All sizes of a parameter that takes every one; -1 is `None`.
    pub fn sizes(&self, name: &str) -> Vec<Option<Size>> {
        let values = self.bound[self.place(name)].iter();
        values
            .flat_map(|value| match &value.kind {
                ValueKind::Sizes(sizes) => {
                    sizes.iter().map(|size| Some(Size::known(*size))).collect()
                }
                ValueKind::Integer(-1) => vec![None],
                _ => vec![Some(self.size(value))],
            })
            .collect()
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<Number> {
        let value = self.value(name)?;
        Some(match value.kind {
            ValueKind::Integer(number) => Number::known(number as f64),
            ValueKind::Float(number) => {
                let written = text(&value.tokens);
                // A quotient of whole numbers means a fraction, as in Python; Rust would round it.
                let tokens = if written.contains('.') && !written.contains(char::is_alphabetic) {
                    value.tokens.clone()
                } else {
                    real(number)
                };
                Number {
                    known: Some(number as f32),
                    tokens,
                }
            }
            _ => Number {
                known: None,
                tokens: value.tokens.clone(),
            },
        })
    }

    /// `true` or `false`, `default` where it is not given.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        match self.value(name).map(|value| &value.kind) {
            Some(ValueKind::Flag(flag)) => *flag,
            _ => default,
        }
    }

    /// The name that a word expands to, and where it was written.
    pub fn word(&self, name: &str) -> Option<(&'static str, Span)> {
        let Kind::Word(vocabulary) = self.parameters[self.place(name)].kind else {
            unreachable!("`{name}` is a word");
        };
        match &self.value(name)?.kind {
            ValueKind::Word(word) => Some((vocabulary.find(&word.to_string())?, word.span())),
            _ => None,
        }
    }

    /// What a word expands to.
    pub fn word_tokens(&self, name: &str) -> Option<TokenStream> {
        let Kind::Word(vocabulary) = self.parameters[self.place(name)].kind else {
            unreachable!("`{name}` is a word");
        };
        let (name, span) = self.word(name)?;
        Some(vocabulary.tokens(name, span))
    }

    /// Where an argument was written, or the layer.
    pub fn tokens(&self, name: &str) -> TokenStream {
        let place = self.parameters.iter().position(|it| it.name == name);
        let values = place.map_or(&[][..], |place| &self.bound[place]);
        let wrong = |value: &&&Value| matches!(value.kind, ValueKind::Integer(..=0));
        match values {
            [] => self.layer.tokens.clone(),
            [value] => value.tokens.clone(),
            // Of many sizes, the one that cannot be.
            values => match values.iter().rev().find(wrong) {
                Some(value) => value.tokens.clone(),
                None => self.layer.tokens.clone(),
            },
        }
    }

    /// The layer in one spelling, without what changes no inference.
    pub fn declared(&self) -> String {
        let mut written = Vec::new();
        let mut leading = true;
        for (place, (parameter, values)) in self.parameters.iter().zip(&self.bound).enumerate() {
            for value in values.iter().filter(|_| !parameter.training_only) {
                let text = match &value.kind {
                    ValueKind::Integer(number) if matches!(parameter.kind, Kind::Pair) => {
                        format!("{number}x{number}")
                    }
                    ValueKind::Integer(number) => number.to_string(),
                    _ => text(&value.tokens),
                };
                let bare = parameter.required
                    || (leading && (place == 0 || matches!(parameter.kind, Kind::Number)))
                    || matches!(parameter.kind, Kind::Word(vocabulary) if
                        matches!(vocabulary.what, "activation" | "padding"));
                written.push(if bare {
                    text
                } else {
                    format!("{} = {text}", parameter.name)
                });
            }
            leading &= !values.is_empty();
        }
        let kind = self.layer.ident();
        if written.is_empty() {
            kind.to_string()
        } else {
            format!("{kind}({})", written.join(", "))
        }
    }
}

/// Whether `value` can be what `parameter` takes.
fn check(parameter: &Parameter, value: &Value, report: &mut Report) -> bool {
    let name = parameter.name;
    let expected = match (parameter.kind, &value.kind) {
        (_, ValueKind::Faulty) => return false,
        (Kind::Count | Kind::Pair | Kind::Sizes { .. } | Kind::Number, ValueKind::Word(_))
        | (
            Kind::Count | Kind::Pair | Kind::Sizes { .. } | Kind::Number | Kind::Flag,
            ValueKind::Expression,
        )
        | (Kind::Number, ValueKind::Integer(_) | ValueKind::Float(_))
        | (Kind::Flag, ValueKind::Flag(_))
        | (Kind::Sizes { .. }, ValueKind::Sizes(_))
        | (Kind::Sizes { open: true }, ValueKind::Integer(-1)) => {
            if let (Kind::Flag, ValueKind::Expression) = (parameter.kind, &value.kind) {
                "`true` or `false`"
            } else {
                return true;
            }
        }
        (Kind::Count | Kind::Pair | Kind::Sizes { .. }, ValueKind::Integer(number)) => {
            if *number >= 0 {
                return true;
            }
            report
                .fault(
                    &value.tokens,
                    format!("`{name}` is {number}, expected a size of at least 1"),
                )
                .help("write how many there are");
            return false;
        }
        (Kind::Pair, ValueKind::Sizes(sizes)) if sizes.len() == 2 => return true,
        (Kind::Pair | Kind::Sizes { .. }, ValueKind::Spelled(spelled)) => {
            report
                .fault(
                    &value.tokens,
                    format!(
                        "found `{}`, expected sizes joined by `x`",
                        text(&value.tokens)
                    ),
                )
                .help(format!("write `{spelled}`"));
            return false;
        }
        (Kind::Word(vocabulary), ValueKind::Word(word)) => {
            let found = word.to_string();
            if vocabulary.find(&found).is_some() {
                return true;
            }
            unknown(
                word,
                vocabulary,
                nearest(&found, vocabulary.names()),
                report,
            );
            return false;
        }
        (Kind::Count | Kind::Sizes { .. }, _) => "a whole number",
        (Kind::Pair, _) => "rows and columns, as `3x3`",
        (Kind::Number, _) => "a number",
        (Kind::Flag, _) => "`true` or `false`",
        (Kind::Word(vocabulary), _) => {
            let written = text(&value.tokens);
            let bare = written.trim_matches('"');
            let fault = report.fault(
                &value.tokens,
                format!("`{name}` takes a word, found `{written}`"),
            );
            match nearest(bare, vocabulary.names()) {
                Some(word) => fault.help(format!("write `{name} = {word}`")),
                None => fault.help(list(vocabulary)),
            };
            return false;
        }
    };
    report
        .fault(
            &value.tokens,
            format!("`{name}` takes {expected}, found `{}`", text(&value.tokens)),
        )
        .help(format!("write `{name} = {}`", sample(parameter.kind)));
    false
}

fn unknown(word: &Ident, vocabulary: &Vocabulary, near: Option<&str>, report: &mut Report) {
    let fault = report.fault(word, format!("unknown {} `{word}`", vocabulary.what));
    match near {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(list(vocabulary)),
    };
}

fn list(vocabulary: &Vocabulary) -> String {
    let words: Vec<_> = vocabulary.names().map(|word| format!("`{word}`")).collect();
    format!("write one of {}", words.join(", "))
}

fn sample(kind: Kind) -> &'static str {
    match kind {
        Kind::Count => "32",
        Kind::Pair => "3x3",
        Kind::Sizes { .. } => "28, 28, 1",
        Kind::Number => "0.5",
        Kind::Flag => "false",
        Kind::Word(vocabulary) => vocabulary.words[0].0,
    }
}

fn example(kind: &Ident, parameters: &[Parameter]) -> String {
    let required = parameters.iter().filter(|parameter| parameter.required);
    let values: Vec<_> = required.map(|parameter| sample(parameter.kind)).collect();
    format!("{kind}({})", values.join(", "))
}

fn mentions(tokens: &TokenStream, names: &[String]) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => names.contains(&ident.to_string()),
        proc_macro2::TokenTree::Group(group) => mentions(&group.stream(), names),
        _ => false,
    })
}

impl ToTokens for Layer {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}
