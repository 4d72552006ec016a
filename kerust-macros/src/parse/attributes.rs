//! `#[weights(..)]` and `#[budget(..)]`. All other attributes are kept on the struct.

use crate::ast::{Budget, Int8, Limit};
use crate::diagnostics::{Diagnostics, nearest};
use crate::value;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, GenericParam, Generics, Lit, LitStr, Meta};

/// The attributes that the macro interprets.
#[derive(Default)]
pub struct Own {
    pub weights: Option<LitStr>,
    pub budgets: Vec<Budget>,
    pub int8: Option<Int8>,
}

/// Removes the attributes that the macro interprets from `attributes`.
pub fn own(
    attributes: &mut Vec<Attribute>,
    generics: &Generics,
    diagnostics: &mut Diagnostics,
) -> Own {
    let mut own = Own::default();
    let mut met: Vec<String> = Vec::new();
    attributes.retain(|attribute| {
        let path = attribute.path();
        let Some(name) = ["weights", "budget", "int8"]
            .iter()
            .find(|name| path.is_ident(name))
        else {
            refuse_foreign(attribute, diagnostics);
            return true;
        };
        match *name {
            _ if met.iter().any(|met| met == name) => {
                diagnostics
                    .fault(
                        attribute,
                        format!("found a second `#[{name}]`, expected one"),
                    )
                    .help("remove one of the two");
            }
            "weights" => own.weights = Some(weights(attribute, diagnostics)),
            "int8" => own.int8 = Some(int8(attribute, diagnostics)),
            _ => own.budgets = budgets(attribute, diagnostics),
        }
        if let Some(GenericParam::Const(parameter)) = generics.params.first() {
            diagnostics
                .fault(
                    attribute,
                    format!("`#[{name}]` on a model for many sizes, expected a model of one"),
                )
                .note(format!("`{}` leaves the sizes open", parameter.ident))
                .help("remove the attribute, or name the sizes in a separate model");
        }
        met.push((*name).to_owned());
        false
    });
    own
}

fn refuse_foreign(attribute: &Attribute, diagnostics: &mut Diagnostics) {
    let path = attribute.path();
    if let Some(name) = ["repr", "derive"].iter().find(|name| path.is_ident(name)) {
        diagnostics
            .fault(attribute, format!("a model takes no `#[{name}]`"))
            .note("a model is `#[repr(C)]`, nothing but its numbers")
            .help("remove the attribute");
    }
}

/// Reads `#[int8]` and `#[int8(input = int8, weights("net.safetensors"))]`.
fn int8(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Int8 {
    let mut int8 = Int8::default();
    let Meta::List(_) = &attribute.meta else {
        return int8;
    };
    let read = attribute.parse_nested_meta(|meta| {
        let name = meta.path.require_ident()?.clone();
        match name.to_string().as_str() {
            "input" | "output" => {
                let dtype: Ident = meta.value()?.parse()?;
                let is_int8 = dtype == "int8";
                if !is_int8 && dtype != "float32" {
                    return Err(syn::Error::new(
                        dtype.span(),
                        format!("found `{dtype}`, expected `int8` or `float32`"),
                    ));
                }
                match name == "input" {
                    true => int8.input = is_int8,
                    false => int8.output = is_int8,
                }
            }
            "weights" | "budget" => {
                let content;
                syn::parenthesized!(content in meta.input);
                let tokens: TokenStream = content.parse()?;
                let attribute: Attribute =
                    syn::parse_quote_spanned!(name.span()=> #[#name(#tokens)]);
                match name == "weights" {
                    true => int8.weights = Some(weights(&attribute, diagnostics)),
                    false => int8.budgets = budgets(&attribute, diagnostics),
                }
            }
            _ => {
                return Err(syn::Error::new(
                    name.span(),
                    format!("found `{name}`, expected `input`, `output`, `weights` or `budget`"),
                ));
            }
        }
        Ok(())
    });
    if let Err(error) = read {
        diagnostics.syntax(&error, attribute.pound_token.span).help(
            "write `#[int8]`, or say more: `#[int8(input = int8, output = int8, weights(\"net.safetensors\"))]`",
        );
    }
    int8
}

/// The tokens in an attribute's parentheses; empty without parentheses.
fn inside(attribute: &Attribute) -> TokenStream {
    match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    }
}

/// The path, or an empty one after an error.
fn weights(attribute: &Attribute, diagnostics: &mut Diagnostics) -> LitStr {
    let tokens = inside(attribute);
    let path = syn::parse2::<LitStr>(tokens.clone()).ok();
    if let Some(path) = path.filter(|path| !path.value().is_empty()) {
        look_for(&path, diagnostics);
        return path;
    }
    let (place, found) = if tokens.is_empty() {
        (attribute.to_token_stream(), "nothing".to_owned())
    } else {
        (tokens.clone(), format!("`{}`", value::text(&tokens)))
    };
    diagnostics
        .fault(
            place,
            format!("`#[weights]` takes the path of a file, found {found}"),
        )
        .help("write the path relative to this source file: `#[weights(\"net.safetensors\")]`");
    LitStr::new("", Span::call_site())
}

/// Reports a missing file. If the source file is unknown, rustc reports it.
fn look_for(path: &LitStr, diagnostics: &mut Diagnostics) {
    let known = proc_macro::is_available().then(|| path.span().unwrap().local_file());
    let Some(source) = known.flatten() else {
        return;
    };
    let file = source.with_file_name(path.value());
    if !file.exists() {
        diagnostics
            .fault(path, format!("found no file `{}`", file.display()))
            .note("a path begins at the folder of the source file")
            .help(format!(
                "train the model without this attribute, and save it: `model.save({:?})`",
                file.display()
            ));
    }
}

fn budgets(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Vec<Budget> {
    const EXAMPLE: &str = "`#[budget(flash = 256 KiB, ram = 48 KiB, macs = 2_000_000)]`";
    let tokens = inside(attribute);
    if tokens.is_empty() {
        diagnostics
            .fault(attribute, "`#[budget]` holds nothing, expected a limit")
            .help(format!("write one or more of them: {EXAMPLE}"));
    }
    let mut budgets: Vec<Budget> = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while rest.peek().is_some() {
        let entry: Vec<TokenTree> = rest
            .by_ref()
            .take_while(|token| !matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','))
            .collect();
        if entry.is_empty() {
            diagnostics
                .fault(attribute, "found a second `,`, expected a limit")
                .help("remove one of the two");
            continue;
        }
        let Some(budget) = budget(&entry, diagnostics) else {
            continue;
        };
        if budgets.iter().any(|other| other.limit == budget.limit) {
            diagnostics
                .fault(&budget.key, format!("`{}` is given twice", budget.key))
                .help("remove one of the two");
        } else {
            budgets.push(budget);
        }
    }
    budgets
}

const KEYS: [(&str, Limit); 3] = [
    ("flash", Limit::Flash),
    ("ram", Limit::Ram),
    ("macs", Limit::Macs),
];

/// Reads `ram = 48 KiB`.
fn budget(entry: &[TokenTree], diagnostics: &mut Diagnostics) -> Option<Budget> {
    let all: TokenStream = entry.iter().cloned().collect();
    let [TokenTree::Ident(key), TokenTree::Punct(equals), amount @ ..] = entry else {
        diagnostics
            .fault(
                &all,
                format!("found `{}`, expected a limit", value::text(&all)),
            )
            .help("write what is limited, `=` and how much: `ram = 48 KiB`");
        return None;
    };
    let Some((_, limit)) = KEYS.iter().find(|(name, _)| key == name) else {
        let fault = diagnostics.fault(
            key,
            format!("no budget is called `{key}`, expected `flash`, `ram` or `macs`"),
        );
        match nearest(&key.to_string(), KEYS.map(|(name, _)| name)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help("`flash` limits the weights, `ram` the arena with input and output, `macs` the multiply-adds"),
        };
        return None;
    };
    let example = match limit {
        Limit::Macs => "`macs = 2_000_000`".to_owned(),
        _ => format!("`{key} = 48 KiB`"),
    };
    if equals.as_char() != '=' {
        diagnostics
            .fault(
                equals,
                format!(
                    "found `{}`, expected `=`",
                    value::text(&equals.to_token_stream())
                ),
            )
            .help(format!("write {example}"));
        return None;
    }
    let amount = read_amount(*limit, key, amount, &example, diagnostics)?;
    Some(Budget {
        key: key.clone(),
        limit: *limit,
        amount,
        written: value::text(&entry[2..].iter().cloned().collect()),
    })
}

const UNITS: [(&str, f64); 5] = [
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("kB", 1e3),
    ("MB", 1e6),
];

/// Reads `48 KiB` as bytes, or `2_000_000`.
fn read_amount(
    limit: Limit,
    key: &Ident,
    amount: &[TokenTree],
    example: &str,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    let tokens: TokenStream = amount.iter().cloned().collect();
    let (number, unit) = match amount {
        [TokenTree::Literal(number)] => (number, None),
        [TokenTree::Literal(number), TokenTree::Ident(unit)] => (number, Some(unit.clone())),
        [] => {
            diagnostics
                .fault(key, format!("`{key}` is given no value"))
                .help(format!("write {example}"));
            return None;
        }
        _ => return no_amount(&tokens, example, diagnostics),
    };
    let (number, suffix) = match Lit::new(number.clone()) {
        Lit::Int(number) => (
            number.base10_digits().parse::<f64>(),
            number.suffix().to_owned(),
        ),
        Lit::Float(number) => (
            number
                .base10_parse::<f64>()
                .or_else(|_| number.base10_digits().parse()),
            number.suffix().to_owned(),
        ),
        _ => return no_amount(&tokens, example, diagnostics),
    };
    let Ok(number) = number else {
        return no_amount(&tokens, example, diagnostics);
    };
    let unit = match (unit, suffix.as_str()) {
        (unit, "") => unit.map(|unit| (unit.to_string(), unit.to_token_stream())),
        (None, suffix) => Some((suffix.to_owned(), tokens.clone())),
        (Some(_), _) => return no_amount(&tokens, example, diagnostics),
    };
    match (limit, unit) {
        (Limit::Macs, None) if number.fract() == 0.0 => Some(number as usize),
        (Limit::Macs, None) => no_amount(&tokens, example, diagnostics),
        (Limit::Macs, Some((unit, place))) => {
            diagnostics
                .fault(
                    place,
                    format!("`macs` counts multiply-adds, found the unit `{unit}`"),
                )
                .help(format!("write the number alone: {example}"));
            None
        }
        (_, None) => {
            diagnostics
                .fault(&tokens, format!("`{key}` is given without a unit"))
                .help(format!(
                    "write `{key} = {} B`, or another of B, KiB, MiB, kB, MB",
                    value::text(&tokens)
                ));
            None
        }
        (_, Some((unit, place))) => match UNITS.iter().find(|(name, _)| *name == unit) {
            Some((_, bytes)) => Some((number * bytes) as usize),
            None => {
                let fault = diagnostics.fault(
                    place,
                    format!("no unit is called `{unit}`, expected B, KiB, MiB, kB or MB"),
                );
                match nearest(&unit, UNITS.map(|(name, _)| name)) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault.help(format!("write {example}")),
                };
                None
            }
        },
    }
}

fn no_amount(tokens: &TokenStream, example: &str, diagnostics: &mut Diagnostics) -> Option<usize> {
    diagnostics
        .fault(
            tokens,
            format!("found `{}`, expected how much", value::text(tokens)),
        )
        .help(format!("write {example}"));
    None
}
