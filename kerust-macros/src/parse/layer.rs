//! Parses a layer: its name and its arguments.

use super::behind::behind;
use super::chain::generics_end;
use super::{arguments, block};
use crate::ast::{Layer, Name};
use crate::diagnostics::{Diagnostics, nearest};
use crate::habits::{self, Named};
use crate::infer::MERGES;
use crate::value::{short, text};
use crate::words::ACTIVATIONS;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;

/// Parses a layer, and reports errors.
pub fn layer(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Layer {
    let parts: Vec<TokenTree> = tokens.clone().into_iter().collect();
    read(&parts, &tokens, diagnostics).unwrap_or_else(|| faulty(&tokens))
}

/// A placeholder for a missing layer.
pub fn faulty(tokens: &TokenStream) -> Layer {
    Layer {
        tokens: tokens.clone(),
        name: Name::Faulty(Ident::new("layer", tokens.span())),
        arguments: None,
        faulty_arguments: true,
        block: None,
        applied: None,
    }
}

/// The name of a layer as a path.
struct Path {
    names: Vec<Ident>,
    /// `<32>`
    generics: Option<TokenStream>,
    /// Whether it contains dots.
    is_dotted: bool,
    tokens: TokenStream,
    /// The number of its tokens.
    len: usize,
}

fn path(parts: &[TokenTree]) -> Path {
    let is = |number: usize, sign: char| matches!(parts.get(number), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    let is_name = |number: usize| matches!(parts.get(number), Some(TokenTree::Ident(_)));
    let colons = |number: usize| is(number, ':') && is(number + 1, ':');
    let mut path = Path {
        names: Vec::new(),
        generics: None,
        is_dotted: false,
        tokens: TokenStream::new(),
        len: if colons(0) { 2 } else { 0 },
    };
    if let Some(TokenTree::Ident(name)) = parts.get(path.len) {
        path.names.push(name.clone());
        path.len += 1;
        loop {
            let here = path.len;
            let step = match colons(here) {
                true => 2,
                false => usize::from(is(here, '.')),
            };
            let is_generic = is(here + step, '<') && (step != 1) && path.generics.is_none();
            if is_generic && let Some(end) = generics_end(parts, here + step) {
                path.generics = Some(parts[here + step + 1..end - 1].iter().cloned().collect());
                path.len = end;
            } else if step > 0 && is_name(here + step) {
                let TokenTree::Ident(name) = &parts[here + step] else {
                    break;
                };
                path.is_dotted |= step == 1;
                path.names.push(name.clone());
                path.len = here + step + 1;
            } else {
                break;
            }
        }
    } else {
        path.len = 0;
    }
    path.tokens = parts[..path.len].iter().cloned().collect();
    path
}

fn read(parts: &[TokenTree], tokens: &TokenStream, diagnostics: &mut Diagnostics) -> Option<Layer> {
    let path = path(parts);
    let Some(last) = path.names.last().cloned() else {
        no_name(parts, tokens, diagnostics);
        return None;
    };
    let mut rest = parts[path.len..].iter();
    let group = match rest.clone().next() {
        Some(TokenTree::Group(group)) => {
            rest.next();
            Some(group)
        }
        _ => None,
    };
    let written = group.filter(|group| group.delimiter() == Delimiter::Parenthesis);
    // `layers.Dense(64)(x)` is one error, about the call, which shows what to write.
    let is_called = matches!(rest.clone().next(), Some(TokenTree::Group(it)) if !is_call(it));
    let name = match is_called && habits::is_layer(&last.to_string()) {
        true => name(&path, &last, written, &mut Diagnostics::default())?,
        false => name(&path, &last, written, diagnostics)?,
    };
    let mut layer = Layer {
        tokens: tokens.clone(),
        name,
        arguments: None,
        faulty_arguments: false,
        block: None,
        applied: None,
    };
    let ident = layer.ident().clone();
    let is_bare = matches!(layer.name, Name::Bare(_));
    match group {
        Some(group) if is_bare && block::is_wrapper(&ident) && written.is_some() => {
            let faults = diagnostics.len();
            let (inner, arguments) = block::wrapper(&ident, group, diagnostics)?;
            layer.block = Some(inner);
            layer.arguments = Some(arguments);
            layer.faulty_arguments = diagnostics.len() > faults;
        }
        Some(group) if is_bare && block::is_block(&ident) && written.is_some() => {
            layer.block = Some(block::block(&ident, group, diagnostics)?);
        }
        Some(group) if written.is_some() => read_arguments(&mut layer, group, diagnostics),
        Some(group) => {
            let (found, inner) = (short(&group.to_token_stream()), short(&group.stream()));
            let inner = inner.replace(": ", " = ");
            diagnostics
                .fault(
                    group,
                    format!("found `{found}`, expected arguments in parentheses"),
                )
                .help(format!("write `{ident}({inner})`"));
            if is_bare && block::is_block(&ident) {
                return None;
            }
            read_arguments(&mut layer, group, &mut Diagnostics::default());
            layer.faulty_arguments = true;
        }
        None if is_bare && block::is_block(&ident) => {
            diagnostics
                .fault(&ident, format!("`{ident}` holds layers, found none"))
                .help(block::example(&ident));
            return None;
        }
        None => {
            if let (true, Some(inner)) = (habits::is_layer(&ident.to_string()), &path.generics) {
                layer.arguments = Some(arguments::arguments(
                    inner.clone(),
                    &mut Diagnostics::default(),
                ));
            }
        }
    }
    if let Some(TokenTree::Group(values)) = rest.clone().next()
        && rest.len() == 1
        && is_call(values)
    {
        rest.next();
        layer.applied = Some(arguments::arguments(values.stream(), diagnostics));
    }
    let left: Vec<TokenTree> = rest.cloned().collect();
    if !left.is_empty() && !behind(&mut layer, &left, group, diagnostics) {
        return None;
    }
    Some(layer)
}

/// Whether a group after a layer contains the value that it is applied to and its initial states.
fn is_call(values: &Group) -> bool {
    let is_state = |tree| matches!(tree, TokenTree::Ident(name) if name == "initial_state");
    values.delimiter() == Delimiter::Parenthesis && values.stream().into_iter().any(is_state)
}

/// Reports a layer that does not begin with a name.
fn no_name(parts: &[TokenTree], tokens: &TokenStream, diagnostics: &mut Diagnostics) {
    let found = short(tokens);
    let fault = diagnostics.fault(tokens, format!("found `{found}`, expected a layer"));
    match parts.first() {
        Some(TokenTree::Group(_)) => {
            fault.help("layers are joined by `=>`, without anything around them")
        }
        Some(TokenTree::Literal(literal)) => {
            let written = literal.to_string();
            let bare = written.trim_matches('"');
            match habits::layers().find(|layer| *layer == bare) {
                Some(layer) => fault.help(format!("write `{layer}`")),
                None => fault.help("a layer begins with its name: `Dense(10, softmax)`"),
            }
        }
        _ => fault.help("a layer begins with its name: `Dense(10, softmax)`"),
    };
}

/// The name at the end of a path. Names of other libraries are reported; `None` if nothing remains.
fn name(
    path: &Path,
    last: &Ident,
    group: Option<&Group>,
    diagnostics: &mut Diagnostics,
) -> Option<Name> {
    let (found, word) = (text(&path.tokens), last.to_string());
    let inner = group.map_or(String::new(), |group| short(&group.stream()));
    let call = |name: &str| match inner.as_str() {
        "" => name.to_owned(),
        inner => format!("{name}({inner})"),
    };
    let list = group.and_then(|group| match group.stream().into_iter().next() {
        Some(TokenTree::Group(list)) if list.delimiter() == Delimiter::Bracket => Some(list),
        _ => None,
    });
    if let (true, Some(list)) = (path.is_dotted, &list)
        && let Some(merge) = MERGES
            .iter()
            .find(|merge| merge.eq_ignore_ascii_case(&word))
        && *merge != word
    {
        let values = short(&list.stream());
        diagnostics
            .fault(&path.tokens, format!("found `{found}`, expected a layer"))
            .help(format!("write `{merge}({values})`"));
        return None;
    }
    if path.is_dotted && word == "add" {
        diagnostics
            .fault(&path.tokens, format!("found `{found}`, expected a layer"))
            .help(format!("layers are joined by `=>`: write `=> {inner}`"));
        return None;
    }
    let is_sequential = word == "Sequential" || word.ends_with("Sequential") && list.is_some();
    if is_sequential && group.is_some() || word == "Model" && path.is_dotted {
        diagnostics
            .fault(&path.tokens, format!("found `{found}`, expected a layer"))
            .help("write the layers themselves: `Input(4) => Dense(8, relu) => Dense(3)`");
        return None;
    }
    if path.names.len() == 1 {
        if path.tokens.clone().into_iter().count() == 1 {
            return Some(Name::Bare(last.clone()));
        }
        if let (true, Some(generics)) = (habits::is_layer(&word), &path.generics) {
            let generics = short(generics);
            diagnostics
                .fault(
                    &path.tokens,
                    format!("found `{found}`, expected arguments in parentheses"),
                )
                .help(format!("write `{word}({generics})`"));
            return Some(Name::Bare(last.clone()));
        }
        return own(path, last, diagnostics);
    }
    let before = &path.names[path.names.len() - 2];
    if group.is_some() && (word == "new" || word == "default" || word == "init") {
        let means = before.to_string();
        let means = means.strip_suffix("Config").unwrap_or(&means);
        if habits::is_layer(means) || habits::layer(means).is_some() {
            let help = instead(means, &call(means));
            diagnostics
                .fault(&path.tokens, format!("found `{found}`, expected a layer"))
                .help(help);
            return habits::is_layer(means).then(|| Name::Bare(Ident::new(means, before.span())));
        }
        let wrapped = group.and_then(|group| group.stream().into_iter().next());
        if let Some(TokenTree::Ident(layer)) = wrapped
            && habits::is_layer(&layer.to_string())
        {
            diagnostics
                .fault(&path.tokens, format!("found `{found}`, expected a layer"))
                .help(format!("write `{inner}`"));
            return None;
        }
    }
    let first = path.names[0].to_string();
    let is_foreign = path.is_dotted
        || first == "kerust" && habits::is_layer(&word)
        || group.is_some() && habits::is_module(&first) && is_known(&word);
    if !is_foreign {
        return own(path, last, diagnostics);
    }
    let fault = diagnostics.fault(
        &path.tokens,
        format!("found `{found}`, expected the name of a layer alone"),
    );
    if habits::is_layer(&word) {
        fault.help(format!("write `{}`", call(&word)));
        return Some(Name::Bare(last.clone()));
    }
    if is_known(&word) {
        fault.help(instead(&word, ""));
    } else if let Some(activation) = habits::word(&word, &ACTIVATIONS) {
        fault.help(format!(
            "an activation is a word: write `Dense(64, {activation})`, or `Activation({activation})`"
        ));
    } else {
        fault.help("a layer begins with its name: `Dense(10, softmax)`");
    }
    None
}

/// Whether a layer with this name is known from another library.
fn is_known(name: &str) -> bool {
    habits::is_layer(name)
        || habits::layer(name).is_some()
        || habits::respelled(name).is_some()
        || habits::activation_layer(name).is_some()
}

/// The text to write for a layer of another library.
fn instead(name: &str, call: &str) -> String {
    if habits::is_layer(name) {
        return format!("write `{call}`");
    }
    match (habits::layer(name), habits::activation_layer(name)) {
        (Some(Named::Means(means)), _) => format!("write `{means}`"),
        (Some(Named::Keras(name)), _) => {
            format!("`{name}` is a layer of Keras that kerust does not have yet")
        }
        (None, Some(word)) => {
            format!("an activation is a word: write `Activation({word})`")
        }
        (None, None) if habits::respelled(name).is_some() => {
            format!("write `{}`", habits::respelled(name).unwrap_or(name))
        }
        (None, None) => "a layer begins with its name: `Dense(10, softmax)`".to_owned(),
    }
}

/// A path to a custom layer.
fn own(path: &Path, last: &Ident, diagnostics: &mut Diagnostics) -> Option<Name> {
    if syn::parse2::<syn::Path>(path.tokens.clone()).is_err() {
        diagnostics
            .fault(
                &path.tokens,
                format!("`{}` is not a path to a layer", text(&path.tokens)),
            )
            .help("write `path::To::Layer`, and its sizes as `Layer::<32>`");
        return None;
    }
    Some(Name::Path(path.tokens.clone(), last.clone()))
}

fn read_arguments(layer: &mut Layer, group: &Group, diagnostics: &mut Diagnostics) {
    let faults = diagnostics.len();
    let inner = group.stream();
    let name = layer.ident().to_string();
    let quiet = &mut Diagnostics::default();
    // If the name is not in the catalogue, that is the mistake.
    let is_reported = matches!(layer.name, Name::Bare(_))
        && !habits::is_layer(&name)
        && (is_known(&name) || nearest(&name, habits::layers()).is_some());
    let diagnostics = if is_reported { quiet } else { diagnostics };
    let values = is_merge(layer).then(|| one_group(&inner)).flatten();
    let arguments = match values {
        Some((values, others)) => {
            let name = layer.ident();
            diagnostics
                .fault(
                    &values,
                    format!(
                        "found `{}`, expected the values by their names",
                        short(&values.to_token_stream())
                    ),
                )
                .help(format!("write `{name}({})`", short(&values.stream())));
            let mut all = values.stream();
            all.extend(others);
            arguments::arguments(all, &mut Diagnostics::default())
        }
        None => arguments::arguments(inner, diagnostics),
    };
    layer.arguments = Some(arguments);
    layer.faulty_arguments = diagnostics.len() > faults;
}

pub fn is_merge(layer: &Layer) -> bool {
    matches!(&layer.name, Name::Bare(name) if MERGES.iter().any(|merge| name == merge))
}

/// `[a, b]` of `[a, b], axis = 1`, and the rest.
pub fn one_group(inner: &TokenStream) -> Option<(Group, TokenStream)> {
    let mut parts = inner.clone().into_iter();
    let Some(TokenTree::Group(group)) = parts.next() else {
        return None;
    };
    (group.delimiter() != Delimiter::Brace).then(|| (group, parts.collect()))
}
