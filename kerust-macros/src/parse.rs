//! Tokens to ast. A layer that cannot be read costs that layer only: reading goes on at the next
//! `=>`.

mod arguments;
mod attributes;
mod block;
mod graph;
mod header;

use crate::ast::{Body, Chain, Header, Layer, Model, Name};
use crate::report::Report;
use crate::value;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Generics, Visibility};

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
                weights: None,
                budgets: Vec::new(),
            },
            anonymous: true,
            body: Body::Chain(chain(tokens, end, report)),
        });
    }
    let parsed = Parser::parse2(
        |input: ParseStream<'_>| header::header(input, report).map(|header| (header, rest(input))),
        tokens,
    );
    match parsed {
        Ok((header, body)) => Some(Model {
            body: match graph::group(&body) {
                Some(group) => Body::Graph(graph::graph(&group, body, report)),
                None => Body::Chain(chain(body, end, report)),
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
    let mut block = None;
    let arguments = match rest.peek() {
        Some(TokenTree::Group(group))
            if bare && block::is_block(&last) && group.delimiter() == Delimiter::Parenthesis =>
        {
            block = block::block(&last, group, report);
            rest.next();
            block.as_ref()?;
            None
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            let arguments = arguments::arguments(group.stream(), report);
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
        _ if bare && block::is_block(&last) => {
            report
                .fault(&last, format!("`{last}` holds layers, found none"))
                .help(block::example(&last));
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
        block,
    })
}

/// What stands for a layer that is not there.
fn faulty(tokens: &TokenStream) -> Layer {
    Layer {
        tokens: tokens.clone(),
        name: Name::Faulty(Ident::new("layer", tokens.span())),
        arguments: None,
        block: None,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tokens: TokenStream) -> (Vec<String>, String) {
        let mut report = Report::default();
        let model = model(tokens, &mut report).expect("a model");
        let Body::Chain(chain) = &model.body else {
            panic!("a chain");
        };
        let names = chain.layers.iter();
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
