//! Tokens to ast. A layer that cannot be read costs that layer only: reading goes on at the next
//! `=>`.

use crate::ast::{Argument, Chain, Header, Layer, Model, Name};
use crate::report::Report;
use crate::value;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Generics, Token, Visibility};

/// Reads one `model!`. `None` where not even the model's name could be read.
pub fn model(tokens: TokenStream, report: &mut Report) -> Option<Model> {
    if tokens.is_empty() {
        report
            .fault(tokens, "`model!` is empty, expected a model")
            .help("write `model! { pub Name: Input(4) => Dense(3, softmax) }`");
        return None;
    }
    let end = tokens
        .clone()
        .into_iter()
        .last()
        .map_or_else(Span::call_site, |token| token.span());
    if is_anonymous(&tokens) {
        return Some(Model {
            header: Header {
                attributes: Vec::new(),
                visibility: Visibility::Inherited,
                name: format_ident!("Anonymous"),
                generics: Generics::default(),
                broken: false,
            },
            anonymous: true,
            chain: chain(tokens, end, report),
        });
    }
    let parsed = Parser::parse2(
        |input: ParseStream<'_>| header(input, report).map(|header| (header, rest(input))),
        tokens,
    );
    match parsed {
        Ok((header, body)) => Some(Model {
            chain: if header.broken {
                let layers = vec![faulty(&body)];
                Chain { layers, end }
            } else {
                chain(body, end, report)
            },
            header,
            anonymous: false,
        }),
        Err(error) => {
            report.syntax(&error);
            None
        }
    }
}

/// `Input(20) => ..`: a name with arguments, or before an arrow, starts a chain.
fn is_anonymous(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(ident)), next) => match next {
            Some(TokenTree::Group(group)) => {
                group.delimiter() == Delimiter::Parenthesis && ident != "pub"
            }
            Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '=' | '-'),
            None => ident == "Input",
            _ => false,
        },
        (Some(TokenTree::Punct(punct)), _) => punct.as_char() == '=',
        _ => false,
    }
}

fn header(input: ParseStream<'_>, report: &mut Report) -> syn::Result<Header> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    if input.peek(Token![struct]) {
        let keyword: Token![struct] = input.parse()?;
        report
            .fault(keyword, "found `struct`, expected the model's name")
            .help("write the name alone: `pub Name: Input(4) => ..`");
    }
    let name: Ident = input.parse().map_err(|error| {
        syn::Error::new(
            error.span(),
            "expected the model's name\n\n\
             = help: write `pub Name: Input(4) => ..`, or begin with `Input(..)`",
        )
    })?;
    let generics: Generics = input.parse()?;
    let mut broken = false;
    for parameter in &generics.params {
        if !matches!(parameter, syn::GenericParam::Const(_)) {
            report
                .fault(
                    parameter,
                    format!(
                        "a model takes const parameters only, found `{}`",
                        value::text(&parameter.to_token_stream())
                    ),
                )
                .help("write `<const CLASSES: usize>`");
        }
    }
    if input.peek(Token![:]) {
        input.parse::<Token![:]>()?;
    } else {
        let next: TokenStream = input.fork().parse()?;
        let next = next.into_iter().next().map(TokenTree::into_token_stream);
        let found = next.as_ref().map_or("nothing".to_owned(), |token| {
            format!("`{}`", value::text(token))
        });
        let place = next.unwrap_or_else(|| name.to_token_stream());
        let body = input.peek(syn::token::Brace);
        let found = if body { "`{`".to_owned() } else { found };
        report
            .fault(
                place,
                format!("found {found} behind the model's name, expected `:`"),
            )
            .help(format!("write `{name}: Input(4) => Dense(3, softmax)`"));
        broken = body;
    }
    for attribute in &attributes {
        let path = attribute.path();
        if path.is_ident("weights") || path.is_ident("budget") {
            report
                .fault(
                    attribute,
                    format!(
                        "`#[{}]` is not supported yet",
                        path.get_ident().expect("one name")
                    ),
                )
                .help("remove the attribute");
        } else if path.is_ident("repr") || path.is_ident("derive") {
            report
                .fault(
                    attribute,
                    format!(
                        "a model takes no `#[{}]`",
                        path.get_ident().expect("one name")
                    ),
                )
                .note("a model is `#[repr(C)]`, nothing but its numbers")
                .help("remove the attribute");
        }
    }
    Ok(Header {
        attributes,
        visibility,
        name,
        generics,
        broken,
    })
}

fn rest(input: ParseStream<'_>) -> TokenStream {
    input.parse().unwrap_or_default()
}

fn chain(tokens: TokenStream, end: Span, report: &mut Report) -> Chain {
    let mut layers = Vec::new();
    let mut segment = TokenStream::new();
    // The arrow before the segment, to name it where nothing follows.
    let mut arrow: Option<TokenStream> = None;
    let mut tokens = tokens.into_iter().peekable();
    loop {
        let separator = match tokens.next() {
            None => None,
            Some(token) => match separator(&token, &mut tokens) {
                Some(separator) => Some(separator),
                None => {
                    segment.extend([token]);
                    continue;
                }
            },
        };
        let written = std::mem::take(&mut segment);
        let found = separator.as_ref().map(|(separator, _)| separator);
        match (written.is_empty(), &arrow, found) {
            (false, ..) => layers.push(layer(written, report)),
            (true, Some(arrow), None) => {
                layers.push(faulty(arrow));
                report
                    .fault(arrow, "nothing follows this `=>`, expected a layer")
                    .help("remove it, or write the layer: `=> Dense(10, softmax)`");
            }
            (true, Some(_), Some(second)) => {
                layers.push(faulty(second));
                report
                    .fault(second, "found a second `=>`, expected a layer")
                    .help("remove one of the two");
            }
            (true, None, Some(first)) => {
                report
                    .fault(
                        first,
                        "nothing stands before this `=>`, expected `Input(..)`",
                    )
                    .help("begin with the sizes of one sample: `Input(28, 28, 1)`");
            }
            (true, None, None) => {}
        }
        match separator {
            None => break,
            Some((separator, right)) => {
                if !right && tokens.peek().is_none() {
                    let found = value::text(&separator);
                    report
                        .fault(&separator, format!("found `{found}` behind the last layer"))
                        .help("remove it");
                    break;
                }
                if !right {
                    let found = value::text(&separator);
                    report
                        .fault(
                            &separator,
                            format!("found `{found}` between two layers, expected `=>`"),
                        )
                        .help("layers are joined by `=>`");
                }
                arrow = Some(separator);
            }
        }
    }
    Chain { layers, end }
}

/// What stands between two layers, and whether it is the arrow it should be.
fn separator(
    token: &TokenTree,
    tokens: &mut std::iter::Peekable<proc_macro2::token_stream::IntoIter>,
) -> Option<(TokenStream, bool)> {
    let TokenTree::Punct(first) = token else {
        return None;
    };
    let mut arrow = quote!(#first);
    let mut join = |expected: &[char]| match tokens.peek() {
        Some(TokenTree::Punct(next)) if expected.contains(&next.as_char()) => {
            arrow.extend(tokens.next());
            true
        }
        _ => false,
    };
    match first.as_char() {
        '=' => join(&['>']).then_some((arrow, true)),
        '-' => join(&['>']).then_some((arrow, false)),
        '|' => {
            join(&['>']);
            Some((arrow, false))
        }
        '>' => join(&['>']).then_some((arrow, false)),
        ',' | ';' => Some((arrow, false)),
        _ => None,
    }
}

fn layer(tokens: TokenStream, report: &mut Report) -> Layer {
    read_layer(&tokens, report).unwrap_or_else(|| faulty(&tokens))
}

fn read_layer(tokens: &TokenStream, report: &mut Report) -> Option<Layer> {
    let mut rest = tokens.clone().into_iter().peekable();
    let mut path = TokenStream::new();
    let mut last: Option<Ident> = None;
    let mut depth = 0usize;
    while let Some(token) = rest.peek() {
        match token {
            TokenTree::Ident(_) if depth == 0 && ends_with_ident(&path) => break,
            TokenTree::Ident(ident) if depth == 0 => last = Some(ident.clone()),
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth = depth.saturating_sub(1),
            TokenTree::Punct(punct) if depth == 0 && punct.as_char() != ':' => break,
            TokenTree::Group(_) | TokenTree::Literal(_) if depth == 0 => break,
            _ => {}
        }
        path.extend(rest.next());
    }
    let Some(last) = last else {
        report
            .fault(
                tokens,
                format!("found `{}`, expected a layer", value::text(tokens)),
            )
            .help("a layer begins with its name: `Dense(10, softmax)`");
        return None;
    };
    let bare = path.clone().into_iter().count() == 1;
    if !bare && syn::parse2::<syn::Path>(path.clone()).is_err() {
        report
            .fault(
                &path,
                format!("`{}` is no path to a layer", value::text(&path)),
            )
            .help("write `path::To::Layer`, and its sizes as `Layer::<32>`");
        return None;
    }
    let arguments = match rest.peek() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            let arguments = arguments(group.stream(), report);
            rest.next();
            Some(arguments)
        }
        Some(TokenTree::Group(group)) => {
            let written = value::text(&group.to_token_stream());
            report
                .fault(
                    group,
                    format!("found `{written}`, expected arguments in parentheses"),
                )
                .help(format!("write `{last}(..)`"));
            rest.next();
            return None;
        }
        _ => None,
    };
    let left: TokenStream = rest.collect();
    if !left.is_empty() {
        report
            .fault(
                &left,
                format!(
                    "found `{}` behind `{last}`, expected `=>`",
                    value::text(&left)
                ),
            )
            .help("layers are joined by `=>`");
    }
    let name = if bare {
        Name::Bare(last)
    } else {
        Name::Path(path, last)
    };
    Some(Layer {
        tokens: tokens.clone(),
        name,
        arguments,
    })
}

/// What stands for a layer that is not there.
fn faulty(tokens: &TokenStream) -> Layer {
    Layer {
        tokens: tokens.clone(),
        name: Name::Faulty(Ident::new("layer", tokens.span())),
        arguments: None,
    }
}

fn ends_with_ident(tokens: &TokenStream) -> bool {
    let last = tokens.clone().into_iter().last();
    match last {
        Some(TokenTree::Ident(_)) => true,
        Some(TokenTree::Punct(punct)) => punct.as_char() == '>',
        _ => false,
    }
}

fn arguments(tokens: TokenStream, report: &mut Report) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut written = TokenStream::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                if written.is_empty() {
                    report
                        .fault(
                            punct,
                            "nothing stands before this comma, expected an argument",
                        )
                        .help("remove the comma");
                }
                arguments.extend(argument(std::mem::take(&mut written), report));
            }
            _ => written.extend([token]),
        }
    }
    arguments.extend(argument(written, report));
    arguments
}

fn argument(tokens: TokenStream, report: &mut Report) -> Option<Argument> {
    let mut rest = tokens.clone().into_iter();
    let (Some(first), second) = (rest.next(), rest.next()) else {
        return None;
    };
    let named = matches!(&second, Some(TokenTree::Punct(punct))
        if matches!(punct.as_char(), '=' | ':') && punct.spacing() == proc_macro2::Spacing::Alone);
    let (TokenTree::Ident(name), true) = (&first, named) else {
        return Some(Argument {
            keyword: None,
            value: value::read(tokens, report),
        });
    };
    let given: TokenStream = rest.collect();
    if second
        .as_ref()
        .is_some_and(|token| token.to_string() == ":")
    {
        report
            .fault(&second, "found `:` behind an argument's name, expected `=`")
            .help(format!("write `{name} = {}`", value::text(&given)));
    }
    if given.is_empty() {
        report
            .fault(&tokens, format!("`{name}` has no value"))
            .help(format!("write `{name} = ..`"));
        return None;
    }
    Some(Argument {
        keyword: Some(name.unraw()),
        value: value::read(given, report),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tokens: TokenStream) -> (Vec<String>, String) {
        let mut report = Report::default();
        let model = model(tokens, &mut report).expect("a model");
        let names = model.chain.layers.iter();
        (
            names.map(|layer| layer.ident().to_string()).collect(),
            report.into_error().map_or(String::new(), |error| {
                error
                    .into_iter()
                    .map(|error| error.to_string() + "; ")
                    .collect()
            }),
        )
    }

    #[test]
    fn a_named_and_an_anonymous_chain_read_alike() {
        let named = read(quote!(pub Net: Input(4) => Dense(3) => my::Layer::<2>));
        let anonymous = read(quote!(Input(4) => Dense(3) => my::Layer::<2>));
        assert_eq!(named, anonymous);
        assert_eq!(named.0, ["Input", "Dense", "Layer"]);
        assert_eq!(named.1, "");
    }

    #[test]
    fn reading_goes_on_at_the_next_arrow() {
        let (layers, faults) = read(quote!(Net: Input(4) => 7 => Dense[3] => Dense(3)));
        assert_eq!(layers, ["Input", "layer", "layer", "Dense"]);
        assert!(faults.contains("found `7`"), "{faults}");
        assert!(faults.contains("found `[3]`"), "{faults}");
    }

    #[test]
    fn another_joint_is_one_fault() {
        let (layers, faults) = read(quote!(Net: Input(4) -> Dense(3) => Dense(2)));
        assert_eq!(layers, ["Input", "Dense", "Dense"]);
        assert!(
            faults.starts_with("found `->` between two layers"),
            "{faults}"
        );
    }
}
