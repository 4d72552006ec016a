//! Words with settings: `leaky_relu(0.3)`, `random_normal(stddev = 0.1)`.

pub mod custom;

use crate::ast::{Value, ValueKind};
use crate::diagnostics::Diagnostics;
use crate::fold;
use crate::value::{Call, Number, Term, text};
use crate::words::{ACTIVATIONS, INITIALIZERS, Vocabulary};
use kerust_core::shape::{self, Bounds, Shape};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// A word that takes settings, under the names that Keras gives them.
pub struct Function {
    pub name: &'static str,
    settings: &'static [(&'static str, Takes)],
    expansion: Expansion,
}

/// What a setting is.
enum Takes {
    /// A number, by default this one.
    Number(f64, Bounds),
    /// A number, by default none.
    Optional(Bounds),
    /// A number that must be given.
    Required(Bounds),
    Flag(bool),
    /// One of these words, by default the first one, and what each expands to.
    Word(&'static [(&'static str, &'static str)]),
}

/// What it expands to.
enum Expansion {
    /// A layer of `kerust::layers`, made by `new` and a method for each setting.
    Layer(&'static str),
    /// The same in `kerust::layers::functions`.
    Function(&'static str),
    /// A variant of `kerust::init::Initializer`, with a field for each setting, or one without a name.
    Initializer(&'static str),
}

/// What is wrong with the settings of a word.
pub struct Misfit {
    at: TokenStream,
    message: String,
    help: String,
}

const MEAN: (&str, Takes) = ("mean", Takes::Number(0.0, Bounds::Finite));
const STDDEV: (&str, Takes) = ("stddev", Takes::Number(0.05, Bounds::NotNegative));
const GAIN: (&str, Takes) = ("gain", Takes::Number(1.0, Bounds::Finite));
const THRESHOLD: (&str, Takes) = ("threshold", Takes::Number(0.5, Bounds::NotNegative));

static OF_ACTIVATIONS: &[Function] = &[
    Function {
        name: "relu",
        settings: &[
            ("negative_slope", Takes::Number(0.0, Bounds::NotNegative)),
            ("max_value", Takes::Optional(Bounds::NotNegative)),
            ("threshold", Takes::Number(0.0, Bounds::NotNegative)),
        ],
        expansion: Expansion::Layer("ReLU"),
    },
    Function {
        name: "leaky_relu",
        settings: &[("negative_slope", Takes::Number(0.2, Bounds::NotNegative))],
        expansion: Expansion::Layer("LeakyReLU"),
    },
    Function {
        name: "elu",
        settings: &[("alpha", Takes::Number(1.0, Bounds::NotNegative))],
        expansion: Expansion::Layer("ELU"),
    },
    Function {
        name: "celu",
        settings: &[("alpha", Takes::Number(1.0, Bounds::Positive))],
        expansion: Expansion::Function("Celu"),
    },
    Function {
        name: "gelu",
        settings: &[("approximate", Takes::Flag(false))],
        expansion: Expansion::Function("Gelu"),
    },
    Function {
        name: "squareplus",
        settings: &[("b", Takes::Number(4.0, Bounds::NotNegative))],
        expansion: Expansion::Function("Squareplus"),
    },
    Function {
        name: "soft_shrink",
        settings: &[THRESHOLD],
        expansion: Expansion::Function("SoftShrink"),
    },
    Function {
        name: "hard_shrink",
        settings: &[THRESHOLD],
        expansion: Expansion::Function("HardShrink"),
    },
    Function {
        name: "threshold",
        settings: &[
            ("threshold", Takes::Required(Bounds::Finite)),
            ("default_value", Takes::Required(Bounds::Finite)),
        ],
        expansion: Expansion::Function("Threshold"),
    },
    Function {
        name: "hard_tanh",
        settings: &[],
        expansion: Expansion::Function("HardTanh"),
    },
    Function {
        name: "log_sigmoid",
        settings: &[],
        expansion: Expansion::Function("LogSigmoid"),
    },
    Function {
        name: "sparse_plus",
        settings: &[],
        expansion: Expansion::Function("SparsePlus"),
    },
    Function {
        name: "sparse_sigmoid",
        settings: &[],
        expansion: Expansion::Function("SparseSigmoid"),
    },
    Function {
        name: "tanh_shrink",
        settings: &[],
        expansion: Expansion::Function("TanhShrink"),
    },
    Function {
        name: SPARSEMAX,
        settings: &[],
        expansion: Expansion::Layer("Sparsemax"),
    },
    Function {
        name: GLU,
        settings: &[],
        expansion: Expansion::Layer("Glu"),
    },
];

/// It runs over the last axis.
pub const SPARSEMAX: &str = "sparsemax";
/// It halves the last axis, so that `Activation` alone takes it.
pub const GLU: &str = "glu";

static OF_INITIALIZERS: &[Function] = &[
    Function {
        name: "constant",
        settings: &[("value", Takes::Number(0.0, Bounds::Finite))],
        expansion: Expansion::Initializer("Constant"),
    },
    Function {
        name: "random_normal",
        settings: &[MEAN, STDDEV],
        expansion: Expansion::Initializer("RandomNormal"),
    },
    Function {
        name: "truncated_normal",
        settings: &[MEAN, STDDEV],
        expansion: Expansion::Initializer("TruncatedNormal"),
    },
    Function {
        name: "random_uniform",
        settings: &[
            ("minval", Takes::Number(-0.05, Bounds::Finite)),
            ("maxval", Takes::Number(0.05, Bounds::Finite)),
        ],
        expansion: Expansion::Initializer("RandomUniform"),
    },
    Function {
        name: "variance_scaling",
        settings: &[
            ("scale", Takes::Number(1.0, Bounds::Positive)),
            (
                "mode",
                Takes::Word(&[
                    ("fan_in", "Fan::In"),
                    ("fan_out", "Fan::Out"),
                    ("fan_avg", "Fan::Avg"),
                ]),
            ),
            (
                "distribution",
                Takes::Word(&[
                    ("truncated_normal", "Distribution::TruncatedNormal"),
                    // As in Keras, whose `normal` is the truncated one.
                    ("normal", "Distribution::TruncatedNormal"),
                    ("untruncated_normal", "Distribution::UntruncatedNormal"),
                    ("uniform", "Distribution::Uniform"),
                ]),
            ),
        ],
        expansion: Expansion::Initializer("VarianceScaling"),
    },
    Function {
        name: "orthogonal",
        settings: &[GAIN],
        expansion: Expansion::Initializer("Orthogonal"),
    },
    Function {
        name: "identity",
        settings: &[GAIN],
        expansion: Expansion::Initializer("Identity"),
    },
];

/// The words of a vocabulary that take settings.
pub fn of(vocabulary: &Vocabulary) -> &'static [Function] {
    if std::ptr::eq(vocabulary, &ACTIVATIONS) {
        OF_ACTIVATIONS
    } else if std::ptr::eq(vocabulary, &INITIALIZERS) {
        OF_INITIALIZERS
    } else {
        &[]
    }
}

/// The word with settings that a value is, and what it expands to; `None` where it is another value, or a word of
/// the vocabulary alone.
pub fn read(
    vocabulary: &Vocabulary,
    value: &Value,
) -> Option<Result<(&'static str, TokenStream), Misfit>> {
    if let Some(expansion) = custom::expansion(vocabulary, value) {
        return Some(Ok(("custom", expansion)));
    }
    let call = match &value.kind {
        ValueKind::Word(word) if vocabulary.find(&word.to_string()).is_some() => return None,
        ValueKind::Word(_) => Call::read(&value.tokens)?,
        ValueKind::Expression => {
            let call = Call::read(&value.tokens)?;
            if call.arguments.is_empty() {
                return None;
            }
            call
        }
        _ => return None,
    };
    let mut all = of(vocabulary).iter();
    let function = all.find(|function| function.name == call.name)?;
    let expansion = function.expand(&call, &value.tokens);
    Some(expansion.map(|tokens| (function.name, tokens)))
}

impl Misfit {
    pub fn report(self, diagnostics: &mut Diagnostics) {
        diagnostics.fault(self.at, self.message).help(self.help);
    }
}

impl Function {
    /// The names of its settings.
    #[cfg(test)]
    pub fn names(&self) -> String {
        let names = self.settings.iter().map(|(name, _)| format!("`{name}`"));
        names.collect::<Vec<_>>().join(", ")
    }

    fn expand(&self, call: &Call, at: &TokenStream) -> Result<TokenStream, Misfit> {
        let mut given: Vec<Option<&[TokenTree]>> = vec![None; self.settings.len()];
        for (place, (name, value)) in call.arguments.iter().enumerate() {
            let written = || value.iter().cloned().collect::<TokenStream>();
            let place = match name {
                None => Some(place).filter(|place| *place < given.len()),
                Some(name) => {
                    let mut names = self.settings.iter();
                    names.position(|(setting, _)| setting == name)
                }
            };
            let Some(slot) = place.and_then(|place| given.get_mut(place)) else {
                let found = name.clone().unwrap_or_else(|| text(&written()));
                return Err(Misfit {
                    at: written(),
                    message: format!("`{}` has no setting `{found}`", self.name),
                    help: self.help(),
                });
            };
            if slot.replace(value).is_some() {
                return Err(Misfit {
                    at: written(),
                    message: format!("a setting of `{}` is given twice", self.name),
                    help: self.help(),
                });
            }
        }
        let mut values = Vec::new();
        for ((name, takes), given) in self.settings.iter().zip(given) {
            values.push((*name, self.value(name, takes, given, at)?));
        }
        Ok(self.expansion.of(&values))
    }

    /// What a setting expands to.
    fn value(
        &self,
        name: &str,
        takes: &Takes,
        given: Option<&[TokenTree]>,
        at: &TokenStream,
    ) -> Result<Option<TokenStream>, Misfit> {
        let Some(given) = given else {
            return match takes {
                Takes::Number(default, _) => Ok(Some(Number::known(*default).tokens())),
                Takes::Optional(_) => Ok(None),
                Takes::Required(_) => Err(Misfit {
                    at: at.clone(),
                    message: format!("`{}` misses `{name}`", self.name),
                    help: self.help(),
                }),
                Takes::Flag(default) => Ok(Some(quote!(#default))),
                Takes::Word(words) => Ok(words.first().map(|(_, path)| init(path))),
            };
        };
        let tokens: TokenStream = given.iter().cloned().collect();
        let misfit = |expected: &str| Misfit {
            at: tokens.clone(),
            message: format!(
                "`{name}` of `{}` is `{}`, expected {expected}",
                self.name,
                text(&tokens)
            ),
            help: self.help(),
        };
        let value = match takes {
            Takes::Number(_, bounds) | Takes::Optional(bounds) | Takes::Required(bounds) => {
                let is_text =
                    matches!(given, [TokenTree::Literal(it)] if it.to_string().contains('"'));
                match fold::float(&tokens) {
                    Some(number) => {
                        let within = shape::within(Shape::new(&[1]), "", number as f32, *bounds);
                        within.map_err(|_| misfit(bounds.text()))?;
                        Number::known(number).tokens()
                    }
                    None if is_text || tokens.is_empty() => return Err(misfit("a number")),
                    None => fold::as_f32(&tokens),
                }
            }
            Takes::Flag(_) => match tokens.to_string().as_str() {
                "true" | "false" => tokens,
                _ => return Err(misfit("`true` or `false`")),
            },
            Takes::Word(words) => {
                let mut all = words.iter();
                let found = tokens.to_string();
                match all.find(|(word, _)| *word == found) {
                    Some((_, path)) => init(path),
                    None => {
                        let words: Vec<String> =
                            words.iter().map(|(word, _)| format!("`{word}`")).collect();
                        return Err(misfit(&format!("one of {}", words.join(", "))));
                    }
                }
            }
        };
        Ok(Some(value))
    }

    /// How the word is written.
    fn help(&self) -> String {
        let settings = self.settings.iter().map(|(name, takes)| match takes {
            Takes::Number(default, _) => format!("{name} = {default}"),
            Takes::Optional(_) => format!("{name} = 6"),
            Takes::Required(_) => format!("{name} = 0.5"),
            Takes::Flag(default) => format!("{name} = {default}"),
            Takes::Word(words) => format!("{name} = {}", words[0].0),
        });
        let settings: Vec<String> = settings.collect();
        match settings.is_empty() {
            true => format!("write `{}`", self.name),
            false => format!(
                "write, for example, `{}({})`",
                self.name,
                settings.join(", ")
            ),
        }
    }
}

/// `::kerust::__private::init::Fan::In` of `Fan::In`.
fn init(path: &str) -> TokenStream {
    let path: TokenStream = path.parse().unwrap_or_default();
    quote!(::kerust::__private::init::#path)
}

impl Expansion {
    fn of(&self, settings: &[(&str, Option<TokenStream>)]) -> TokenStream {
        let ident = |name: &str| Ident::new(name, Span::call_site());
        let given = settings.iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some((ident(name), value))
        });
        let given: Vec<(Ident, &TokenStream)> = given.collect();
        let methods = given.iter().map(|(name, value)| quote!(.#name(#value)));
        match self {
            Self::Layer(name) => {
                let name = ident(name);
                quote!(::kerust::__private::layers::#name::new() #(#methods)*)
            }
            Self::Function(name) => {
                let name = ident(name);
                quote!(::kerust::__private::layers::functions::#name::new() #(#methods)*)
            }
            Self::Initializer(name) => {
                let path = ident(name);
                let fields = given.iter().map(|(name, value)| quote!(#name: #value));
                match (*name, given.as_slice()) {
                    ("Constant", [(_, value)]) => {
                        quote!(::kerust::__private::init::Initializer::Constant(#value))
                    }
                    _ => quote!(::kerust::__private::init::Initializer::#path { #(#fields),* }),
                }
            }
        }
    }
}

/// The type of what a word with settings expands to: what stands before `::new()`.
pub fn type_of(expansion: &TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = expansion.clone().into_iter().collect();
    let new = trees
        .iter()
        .position(|tree| matches!(tree, TokenTree::Ident(it) if it == "new"));
    // Two colons stand before it.
    let end = new.unwrap_or(0).saturating_sub(2);
    trees[..end].iter().map(ToTokens::to_token_stream).collect()
}
