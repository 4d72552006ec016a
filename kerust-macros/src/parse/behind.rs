//! Reports tokens between a layer and the next arrow.

use super::arguments;
use super::layer::{is_merge, one_group};
use crate::ast::Layer;
use crate::diagnostics::{Diagnostics, nearest};
use crate::habits;
use crate::value::short;
use crate::words::ACTIVATIONS;
use proc_macro2::{Group, TokenStream, TokenTree};

/// Reports the tokens after a layer. Returns whether the layer is still valid.
pub fn behind(
    layer: &mut Layer,
    left: &[TokenTree],
    group: Option<&Group>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let tokens: TokenStream = left.iter().cloned().collect();
    let name = layer.ident().clone();
    let (found, inner) = (short(&tokens), group.map(|group| short(&group.stream())));
    let whole = match inner.as_deref() {
        None | Some("") => name.to_string(),
        Some(inner) => format!("{name}({inner})"),
    };
    let message = format!("found `{found}` after `{name}`, expected `=>`");
    match left {
        [TokenTree::Group(values), ..] if is_merge(layer) => {
            let inner = match one_group(&values.stream()) {
                Some((group, _)) => group.stream(),
                None => values.stream(),
            };
            diagnostics
                .fault(&tokens, format!("found `{found}` after `{name}`"))
                .help(format!("write `{name}({})`", short(&inner)));
            layer.arguments = Some(arguments::arguments(inner, &mut Diagnostics::default()));
        }
        [TokenTree::Group(values), ..] => {
            let values = short(&values.stream());
            layer.faulty_arguments = true;
            diagnostics.fault(&tokens, message).help(format!(
                "a layer comes after its input: `{values} => {whole}`"
            ));
        }
        [TokenTree::Punct(dot), TokenTree::Ident(method), rest @ ..] if dot.as_char() == '.' => {
            layer.faulty_arguments = true;
            let fault = diagnostics.fault(&tokens, message);
            let inner = match rest {
                [TokenTree::Group(group), ..] => short(&group.stream()),
                _ => String::new(),
            };
            let word = habits::word(&method.to_string(), &ACTIVATIONS);
            match (method.to_string().as_str(), word) {
                ("add" | "then" | "push", _) => {
                    fault.help(format!("layers are joined by `=>`: write `=> {inner}`"))
                }
                (_, Some(word)) => {
                    let inner = group.map_or(String::new(), |group| short(&group.stream()));
                    let comma = if inner.is_empty() { "" } else { ", " };
                    fault.help(format!(
                        "an activation is an argument: `{name}({inner}{comma}{word})`"
                    ))
                }
                _ => fault.help("remove it: the arguments of a layer are in its parentheses"),
            };
        }
        [TokenTree::Punct(sign), ..] => {
            let fault = diagnostics.fault(&tokens, message);
            match (
                sign.as_char(),
                left.get(1),
                nearest(&name.to_string(), habits::layers()),
            ) {
                ('!', Some(TokenTree::Group(group)), Some(layer)) => {
                    let inner = short(&group.stream());
                    fault.help(format!("a layer is not a macro: write `{layer}({inner})`"))
                }
                _ => fault.help("remove it"),
            };
            layer.faulty_arguments = true;
            return sign.as_char() != '!';
        }
        [TokenTree::Ident(word), TokenTree::Ident(given)] if word == "as" => {
            diagnostics
                .fault(&tokens, format!("found `{found}` after `{name}`"))
                .help(format!("a layer's name is an argument: `name = {given}`"));
        }
        [TokenTree::Literal(_)] if group.is_none() => {
            diagnostics
                .fault(&tokens, format!("found `{found}` after `{name}`"))
                .help(format!(
                    "arguments are written in parentheses: `{name}({found})`"
                ));
            layer.faulty_arguments = true;
        }
        _ => {
            let fault = diagnostics.fault(&tokens, message);
            match habits::word(&found, &ACTIVATIONS) {
                Some(word) => {
                    let inner = inner.map_or(String::new(), |inner| inner + ", ");
                    fault.help(format!(
                        "an activation is an argument: `{name}({inner}{word})`"
                    ))
                }
                None => fault.help("layers are joined by `=>`"),
            };
        }
    }
    true
}
