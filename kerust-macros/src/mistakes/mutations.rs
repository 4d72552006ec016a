//! For any input, the macro gives an expansion, or errors whose positions are inside of the input.

use super::faults;
use crate::expand;
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// The models that are mutated: valid ones and nearly valid ones.
fn corpus() -> Vec<&'static str> {
    let files = [
        include_str!("valid.txt"),
        include_str!("keras.txt"),
        include_str!("pytorch.txt"),
        include_str!("rust.txt"),
        include_str!("slips.txt"),
    ];
    let lines = files.into_iter().flat_map(str::lines);
    lines.filter(|line| !line.is_empty()).collect()
}

/// A change of a token stream.
#[derive(Clone, Debug)]
enum Change {
    Remove(usize),
    Double(usize),
    Swap(usize),
    /// Replaces a token by one of another model.
    Replace(usize, usize, usize),
    Insert(usize, &'static str),
    /// Changes the delimiters of a group.
    Delimit(usize, usize),
    /// Adds a group without delimiters, as a macro does.
    Hide(usize),
}

const TOKENS: [&str; 40] = [
    "=>",
    "=",
    ">",
    "-",
    ",",
    ";",
    ".",
    ":",
    "::",
    "<",
    "|",
    "*",
    "/",
    "?",
    "!",
    "'a",
    "0",
    "-1",
    "3x3",
    "0x3",
    "1.5",
    "1e300",
    "99999999999999999999999",
    "\"relu\"",
    "b'c'",
    "relu",
    "Dense",
    "Input",
    "None",
    "True",
    "_",
    "r#type",
    "let",
    "(a, b)",
    "[1, 2]",
    "{ N }",
    "()",
    "Repeat",
    "Concatenate",
    "name",
];

fn change() -> impl Strategy<Value = Change> {
    let place = 0usize..64;
    prop_oneof![
        place.clone().prop_map(Change::Remove),
        place.clone().prop_map(Change::Double),
        place.clone().prop_map(Change::Swap),
        (place.clone(), 0usize..1000, place.clone())
            .prop_map(|(at, model, from)| Change::Replace(at, model, from)),
        (place.clone(), 0..TOKENS.len()).prop_map(|(at, token)| Change::Insert(at, TOKENS[token])),
        (place.clone(), 0usize..4).prop_map(|(at, delimiter)| Change::Delimit(at, delimiter)),
        place.prop_map(Change::Hide),
    ]
}

/// A token in a flattened model, in which delimiters are tokens.
type Flat = Vec<TokenTree>;

/// All tokens of a stream with their paths, outer ones first.
fn apply(stream: TokenStream, change: &Change, corpus: &[&str]) -> TokenStream {
    let at = match change {
        Change::Remove(at)
        | Change::Double(at)
        | Change::Swap(at)
        | Change::Replace(at, ..)
        | Change::Insert(at, _)
        | Change::Delimit(at, _)
        | Change::Hide(at) => *at,
    };
    let mut left = at % count(stream.clone()).max(1);
    visit(stream, &mut left, &mut |token, rest| {
        let mut found: Flat = vec![token.clone()];
        match change {
            Change::Remove(_) => found.clear(),
            Change::Double(_) => found.push(token),
            Change::Swap(_) => {
                if let Some(next) = rest.next() {
                    found.insert(0, next);
                }
            }
            Change::Replace(_, model, from) => {
                let other: TokenStream = corpus[model % corpus.len()].parse().unwrap();
                let mut left = from % count(other.clone()).max(1);
                visit(other, &mut left, &mut |other, _| {
                    found = vec![other.clone()];
                    vec![other]
                });
            }
            Change::Insert(_, text) => found
                .splice(0..0, text.parse::<TokenStream>().unwrap())
                .for_each(drop),
            Change::Delimit(_, number) => {
                let delimiters = [
                    Delimiter::Parenthesis,
                    Delimiter::Brace,
                    Delimiter::Bracket,
                    Delimiter::None,
                ];
                let inner = match token {
                    TokenTree::Group(group) => group.stream(),
                    token => token.into(),
                };
                found = vec![Group::new(delimiters[*number], inner).into()];
            }
            Change::Hide(_) => found = vec![Group::new(Delimiter::None, token.into()).into()],
        }
        found
    })
}

fn count(stream: TokenStream) -> usize {
    let tokens = stream.into_iter();
    tokens
        .map(|token| match token {
            TokenTree::Group(group) => 1 + count(group.stream()),
            _ => 1,
        })
        .sum()
}

type Visitor<'a> = dyn FnMut(TokenTree, &mut dyn Iterator<Item = TokenTree>) -> Flat + 'a;

fn visit(stream: TokenStream, left: &mut usize, visitor: &mut Visitor<'_>) -> TokenStream {
    let mut tokens = stream.into_iter();
    let mut all = Flat::new();
    while let Some(token) = tokens.next() {
        let is_it = *left == 0;
        *left = left.wrapping_sub(1);
        if is_it {
            all.extend(visitor(token, &mut tokens));
            continue;
        }
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), visit(group.stream(), left, visitor));
                inner.set_span(group.span());
                all.push(inner.into());
            }
            token => all.push(token),
        }
    }
    all.into_iter().collect()
}

/// Parses the text again, so that every token has a position.
fn reparsed(stream: &TokenStream) -> Option<(String, TokenStream)> {
    let text = stream.to_string();
    let stream = text.parse().ok()?;
    Some((text, stream))
}

#[test]
fn mutated_models_give_errors_inside_of_them() {
    let corpus = corpus();
    let changes = (0..corpus.len(), prop::collection::vec(change(), 1..4));
    let cases = match std::env::var("KERUST_MUTATIONS") {
        Ok(cases) => cases.parse().unwrap(),
        Err(_) => 3000,
    };
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(
        config,
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    )
    .run(&changes, |(model, changes)| {
        let mut stream: TokenStream = corpus[model].parse().unwrap();
        for change in &changes {
            stream = apply(stream, change, &corpus);
        }
        // With groups without delimiters, as from a `macro_rules!`, only panics are checked.
        expand::model(stream.clone());
        let Some((text, stream)) = reparsed(&stream) else {
            return Ok(());
        };
        let len = stream
            .clone()
            .into_iter()
            .last()
            .map_or(0, |last| last.span().byte_range().end);
        for fault in faults(stream) {
            let range = fault.span().byte_range();
            prop_assert!(
                len == 0 || range.start < range.end && range.end <= len,
                "{range:?} of {len}: {fault}\n{text}"
            );
            prop_assert!(!fault.to_string().contains("``"), "{fault}\n{text}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn deep_or_long_models_do_not_overflow_the_stack() {
    let deep = "(".repeat(2000) + &")".repeat(2000);
    let nested = format!(
        "Net: {}Dense(3){}",
        "Residual(".repeat(500),
        ")".repeat(500)
    );
    let long = format!("Net: Input(4) {}", "=> Dense(4)".repeat(5000));
    let sum = format!("Net: Input({}4)", "4 + ".repeat(50_000));
    for model in [deep, nested, long, sum] {
        expand::model(model.parse().unwrap());
    }
}

#[test]
fn single_tokens_are_no_models() {
    let tokens: [TokenTree; 6] = [
        Ident::new("x", Span::call_site()).into(),
        Ident::new_raw("type", Span::call_site()).into(),
        Punct::new('=', Spacing::Joint).into(),
        Punct::new('\'', Spacing::Alone).into(),
        Literal::f64_suffixed(0.5).into(),
        Group::new(Delimiter::None, TokenStream::new()).into(),
    ];
    for token in tokens {
        assert!(!faults(token.clone().into()).is_empty(), "{token}");
        expand::model(token.into());
    }
}
