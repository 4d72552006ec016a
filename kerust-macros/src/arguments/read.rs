//! Reads the bound arguments of a layer.

use super::{Arguments, Kind, Parameter};
use crate::ast::{Value, ValueKind};
use crate::fold;
use crate::functions;
use crate::value::{Borders, Number, Pair, Size, text};
use crate::words::Vocabulary;
use kerust_core::shape::Bounds;
use proc_macro2::{Span, TokenStream};
use quote::quote;

impl<'a> Arguments<'a> {
    fn place(&self, name: &str) -> usize {
        let place = self.parameters.iter().position(|it| it.name == name);
        place.unwrap_or_else(|| unreachable!("the row names its parameter `{name}`"))
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.bound[self.place(name)].first().copied()
    }

    /// Whether an invalid value was given for this name.
    pub fn was_refused(&self, name: &str) -> bool {
        self.refused[self.place(name)]
    }

    /// Whether the layer has a parameter of this name.
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|it| it.name == name)
    }

    /// Whether a value was written for a parameter, valid or not.
    pub fn is_given(&self, name: &str) -> bool {
        self.value(name).is_some() || self.refused[self.place(name)]
    }

    /// The names of all parameters.
    pub fn names(&self) -> Vec<&'static str> {
        self.parameters.iter().map(|it| it.name).collect()
    }

    /// The layer's name.
    pub fn layer(&self) -> String {
        self.layer.ident().to_string()
    }

    /// The position of the layer's name.
    pub fn span(&self) -> Span {
        self.layer.ident().span()
    }

    /// A required size, which is unknown if it is invalid.
    pub fn count(&self, name: &str) -> Size {
        self.optional_count(name)
            .unwrap_or_else(|| Size::expression(quote!(1), true))
    }

    /// A size.
    pub fn optional_count(&self, name: &str) -> Option<Size> {
        self.value(name).map(|value| self.size(value))
    }

    /// A size that is given, which is `None` for all.
    pub fn count_or_all(&self, name: &str) -> Option<Option<Size>> {
        self.value(name).map(|value| self.open_size(value))
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
            ValueKind::Tuple(sizes) => Pair(self.size(&sizes[0]), self.size(&sizes[1])),
            _ => Pair(self.size(value), self.size(value)),
        })
    }

    /// What stands on the four sides of an image: above and below, left and right.
    pub fn borders(&self, name: &str) -> Option<Borders> {
        let value = self.value(name)?;
        let ends = |value: &'a Value| match &value.kind {
            ValueKind::Tuple(ends) => Pair(self.size(&ends[0]), self.size(&ends[1])),
            _ => Pair(self.size(value), self.size(value)),
        };
        Some(match &value.kind {
            ValueKind::Tuple(sides) => Borders(ends(&sides[0]), ends(&sides[1])),
            _ => {
                let Pair(rows, columns) = self.pair(name)?;
                Borders(Pair(rows.clone(), rows), Pair(columns.clone(), columns))
            }
        })
    }

    /// A shape with the batch: each size, where it is not `None`, and where it was written.
    pub fn noise_shape(&self, name: &str) -> Option<Vec<(Option<Size>, TokenStream)>> {
        let ValueKind::Tuple(sizes) = &self.value(name)?.kind else {
            return None;
        };
        let size = |value: &'a Value| {
            let is_none = matches!(&value.kind, ValueKind::Word(word) if word == "None");
            ((!is_none).then(|| self.size(value)), value.tokens.clone())
        };
        Some(sizes.iter().map(size).collect())
    }

    /// All sizes of a parameter that takes every one; -1 is `None`.
    pub fn sizes(&self, name: &str) -> Vec<Option<Size>> {
        let values = self.bound[self.place(name)].iter();
        values
            .flat_map(|value| match &value.kind {
                ValueKind::Sizes(sizes) => {
                    sizes.iter().map(|size| Some(Size::known(*size))).collect()
                }
                ValueKind::Tuple(sizes) => sizes.iter().map(|size| self.open_size(size)).collect(),
                _ => vec![self.open_size(value)],
            })
            .collect()
    }

    fn open_size(&self, value: &Value) -> Option<Size> {
        match value.kind {
            ValueKind::Integer(-1) => None,
            _ => Some(self.size(value)),
        }
    }

    /// An integer that is known.
    pub fn axis(&self, name: &str) -> Option<i128> {
        match self.value(name)?.kind {
            ValueKind::Integer(axis) => Some(axis),
            _ => None,
        }
    }

    /// Two axes, or one for both, where they are known.
    pub fn pair_of_axes(&self, name: &str) -> Option<[Option<i128>; 2]> {
        let value = self.value(name)?;
        let axis = |value: &Value| match value.kind {
            ValueKind::Integer(axis) => Some(axis),
            _ => None,
        };
        Some(match &value.kind {
            ValueKind::Tuple(axes) => [axis(&axes[0]), axis(&axes[1])],
            _ => [axis(value); 2],
        })
    }

    /// Whole numbers that are known, and where each was written.
    pub fn axes(&self, name: &str) -> Option<Vec<(i128, TokenStream)>> {
        let value = self.value(name)?;
        let values = match &value.kind {
            ValueKind::Tuple(axes) => axes.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let axes = values.iter().filter_map(|value| match value.kind {
            ValueKind::Integer(axis) => Some((axis, value.tokens.clone())),
            _ => None,
        });
        Some(axes.collect())
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<Number> {
        self.value(name).map(number)
    }

    /// One number or several.
    pub fn several(&self, name: &str) -> Option<Vec<Number>> {
        let value = self.value(name)?;
        Some(match &value.kind {
            ValueKind::Tuple(numbers) => numbers.iter().map(number).collect(),
            _ => vec![number(value)],
        })
    }

    /// The ends of a range. A single number is a symmetric range, as in Keras.
    pub fn range(&self, name: &str) -> Option<(Number, Number)> {
        let values = self.bound[self.place(name)].as_slice();
        if let [value] = values
            && let ValueKind::Tuple(ends) = &value.kind
        {
            return Some((number(&ends[0]), number(&ends[1])));
        }
        if let [lower, upper] = values {
            return Some((number(lower), number(upper)));
        }
        let factor = number(values.first()?);
        if let Some(known) = factor.known {
            let known = f64::from(known.abs());
            return Some((Number::known(-known), Number::known(known)));
        }
        let tokens = &factor.tokens;
        let [lower, upper] = [quote!(-(#tokens).abs()), quote!((#tokens).abs())];
        Some((Number::open(lower), Number::open(upper)))
    }

    /// All numbers of the layer.
    pub fn numbers(&self) -> Vec<Bounded> {
        let mut numbers = Vec::new();
        for (parameter, values) in self.parameters.iter().zip(&self.bound) {
            let (Kind::Number(bounds)
            | Kind::Numbers(bounds)
            | Kind::Factor(bounds)
            | Kind::Range(bounds)) = parameter.kind
            else {
                continue;
            };
            let bounded = |value: &Value| Bounded {
                argument: parameter.name,
                number: number(value),
                bounds,
                tokens: value.tokens.clone(),
            };
            for value in values {
                match &value.kind {
                    ValueKind::Tuple(ends) => numbers.extend(ends.iter().map(bounded)),
                    _ => numbers.push(bounded(value)),
                }
            }
        }
        numbers
    }

    /// `true` or `false`; `default` if it is not given.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        match self.value(name).map(|value| &value.kind) {
            Some(ValueKind::Flag(flag)) => *flag,
            _ => default,
        }
    }

    /// The name that a word expands to, and its position.
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
        if let Some(Ok((_, expansion))) = functions::read(vocabulary, self.value(name)?) {
            return Some(expansion);
        }
        let (name, span) = self.word(name)?;
        Some(vocabulary.tokens(name, span))
    }

    /// The activation, where it is a word with settings: the word, and the layer that it expands to.
    pub fn function(&self) -> Option<(&'static str, TokenStream)> {
        let activation = self.parameters.iter().find(|it| it.name == "activation")?;
        let Kind::Word(vocabulary) = activation.kind else {
            return None;
        };
        functions::read(vocabulary, self.value("activation")?)?.ok()
    }

    fn is_range(&self, name: &str) -> bool {
        matches!(self.parameters[self.place(name)].kind, Kind::Factor(_))
    }

    /// The tokens of an argument, or of the layer if it is not given.
    pub fn tokens(&self, name: &str) -> TokenStream {
        let place = self.parameters.iter().position(|it| it.name == name);
        let values = place.map_or(&[][..], |place| &self.bound[place]);
        let wrong = |value: &&&Value| matches!(value.kind, ValueKind::Integer(..=0));
        match values {
            [] => self.layer.tokens.clone(),
            // The upper end, which is less than the lower one.
            [_, upper] if self.is_range(name) => upper.tokens.clone(),
            [value] => match &value.kind {
                // Of two sizes, the invalid one.
                ValueKind::Tuple(sizes) => {
                    let zero = sizes
                        .iter()
                        .find(|size| matches!(size.kind, ValueKind::Integer(0)));
                    zero.unwrap_or(value).tokens.clone()
                }
                _ => value.tokens.clone(),
            },
            // Of many sizes, the invalid one.
            values => match values.iter().rev().find(wrong) {
                Some(value) => value.tokens.clone(),
                None => self.layer.tokens.clone(),
            },
        }
    }

    /// Whether only one parameter accepts these words.
    fn is_only(&self, vocabulary: &Vocabulary) -> bool {
        let takes = |it: &&Parameter| matches!(it.kind, Kind::Word(other) if std::ptr::eq(other, vocabulary));
        self.parameters.iter().filter(takes).count() == 1
    }

    /// The layer in a normalized spelling, without arguments that do not affect inference.
    pub fn declared(&self) -> String {
        let mut written = Vec::new();
        let mut leading = true;
        for (place, (parameter, values)) in self.parameters.iter().zip(&self.bound).enumerate() {
            for value in values.iter().filter(|_| !parameter.training_only) {
                let text = match &value.kind {
                    ValueKind::Integer(number)
                        if matches!(parameter.kind, Kind::Pair | Kind::Borders) =>
                    {
                        format!("{number}x{number}")
                    }
                    ValueKind::Integer(number) if !matches!(parameter.kind, Kind::Number(_)) => {
                        number.to_string()
                    }
                    ValueKind::Tuple(parts) => joined(parameter.kind, parts),
                    _ => text(&value.tokens),
                };
                let bare = parameter.required
                    || (leading && (place == 0 || matches!(parameter.kind, Kind::Number(_))))
                    || matches!(parameter.kind, Kind::Word(vocabulary) if
                        matches!(vocabulary.what, "activation" | "padding")
                            && self.is_only(vocabulary));
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

/// Several values in one spelling.
fn joined(kind: Kind, values: &[Value]) -> String {
    let texts = |values: &[Value]| -> Vec<String> {
        let texts = values.iter().map(|value| text(&value.tokens));
        texts.collect()
    };
    match kind {
        Kind::Pair => texts(values).join("x"),
        Kind::Borders => {
            let sides: Vec<Vec<String>> = values
                .iter()
                .map(|side| match &side.kind {
                    ValueKind::Tuple(ends) => texts(ends),
                    _ => vec![text(&side.tokens); 2],
                })
                .collect();
            match sides.iter().all(|ends| ends[0] == ends[1]) {
                true => format!("{}x{}", sides[0][0], sides[1][0]),
                false => format!("(({}), ({}))", sides[0].join(", "), sides[1].join(", ")),
            }
        }
        Kind::Ends | Kind::PairOfAxes | Kind::Axes | Kind::NoiseShape | Kind::Range(_) => {
            format!("({})", texts(values).join(", "))
        }
        _ => texts(values).join(", "),
    }
}

/// A given number, and its valid range.
pub struct Bounded {
    pub argument: &'static str,
    pub number: Number,
    pub bounds: Bounds,
    pub tokens: TokenStream,
}

/// A number. A quotient of integers is a fraction, as in Python; Rust would round it.
fn number(value: &Value) -> Number {
    match fold::float(&value.tokens) {
        Some(number) => Number::known(number),
        None => Number::open(fold::as_f32(&value.tokens)),
    }
}

fn mentions(tokens: &TokenStream, names: &[String]) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => names.contains(&ident.to_string()),
        proc_macro2::TokenTree::Group(group) => mentions(&group.stream(), names),
        _ => false,
    })
}
