//! Parses layers that are joined by arrows.

use super::layer::{faulty, layer};
use crate::ast::Chain;
use crate::diagnostics::Diagnostics;
use crate::value::{short, text};
use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};

/// Parses layers that are joined by `=>`, and reports other separators.
pub fn chain(tokens: TokenStream, end: Span, diagnostics: &mut Diagnostics) -> Chain {
    let parts = without_invisible_groups(tokens);
    let mut reader = Reader {
        chain: Chain {
            layers: Vec::new(),
            end,
        },
        segment: Vec::new(),
        arrow: None,
        is_behind: None,
        wrong: Vec::new(),
    };
    let mut number = 0;
    while number < parts.len() {
        let (joint, len) = joint(&parts, number, &reader.segment);
        let written = &parts[number..number + len];
        match joint {
            Joint::None => reader.segment.extend(written.iter().cloned()),
            Joint::Arrow => reader.join(written, true, false, diagnostics),
            Joint::Wrong => {
                let is_last = number + len == parts.len();
                reader.join(written, false, is_last, diagnostics);
            }
            Joint::Missing => reader.part(diagnostics),
            Joint::Word => {
                let word: TokenStream = reader.segment.drain(..).collect();
                let found = text(&word);
                diagnostics
                    .fault(word, format!("found `{found}`, expected a layer"))
                    .help("remove it");
            }
        }
        number += len;
    }
    reader.finish(diagnostics);
    reader.chain
}

struct Reader {
    chain: Chain,
    /// The tokens of the current layer.
    segment: Vec<TokenTree>,
    /// The arrow before it, for an error if nothing follows.
    arrow: Option<TokenStream>,
    /// The layer before it, if there is no arrow between them.
    is_behind: Option<String>,
    /// The wrong arrows, each of which is reported once.
    wrong: Vec<String>,
}

impl Reader {
    /// Finishes the current layer.
    fn finish(&mut self, diagnostics: &mut Diagnostics) {
        if !self.segment.is_empty() {
            let tokens: TokenStream = self.segment.drain(..).collect();
            if let Some(before) = self.is_behind.take() {
                let found = short(&tokens);
                diagnostics
                    .fault(
                        &tokens,
                        format!("found `{found}` after `{before}`, expected `=>`"),
                    )
                    .help("layers are joined by `=>`");
            }
            self.chain.layers.push(layer(tokens, diagnostics));
        } else if let Some(arrow) = &self.arrow {
            self.chain.layers.push(faulty(arrow));
            diagnostics
                .fault(arrow, "nothing follows this `=>`, expected a layer")
                .help("remove it, or write the layer: `=> Dense(10, softmax)`");
        }
    }

    /// Handles two layers without a separator.
    fn part(&mut self, diagnostics: &mut Diagnostics) {
        self.finish(diagnostics);
        let before = self.chain.layers.last();
        self.is_behind = before.map(|layer| layer.ident().to_string());
        self.arrow = None;
    }

    fn join(
        &mut self,
        written: &[TokenTree],
        is_arrow: bool,
        is_last: bool,
        diagnostics: &mut Diagnostics,
    ) {
        let joint: TokenStream = written.iter().cloned().collect();
        let found = text(&joint);
        if self.segment.is_empty() {
            self.nothing_before(joint, &found, is_arrow, is_last, diagnostics);
            return;
        }
        self.finish(diagnostics);
        self.arrow = None;
        if is_last {
            // As after the last argument.
            if found != "," {
                diagnostics
                    .fault(joint, format!("found `{found}` after the last layer"))
                    .help("remove it");
            }
            return;
        }
        if !is_arrow && found == "=>" {
            diagnostics
                .fault(&joint, "found `= >` between two layers, expected `=>`")
                .help("write the arrow without a space");
        } else if !is_arrow && !self.wrong.contains(&found) {
            diagnostics
                .fault(
                    &joint,
                    format!("found `{found}` between two layers, expected `=>`"),
                )
                .help("layers are joined by `=>`");
            self.wrong.push(found);
        }
        self.arrow = Some(joint);
    }

    fn nothing_before(
        &mut self,
        joint: TokenStream,
        found: &str,
        is_arrow: bool,
        is_last: bool,
        diagnostics: &mut Diagnostics,
    ) {
        if self.arrow.is_some() {
            self.chain.layers.push(faulty(&joint));
            match is_arrow {
                true => diagnostics
                    .fault(&joint, "found a second `=>`, expected a layer")
                    .help("remove one of the two"),
                false => diagnostics
                    .fault(
                        &joint,
                        format!("found `{found}` after `=>`, expected a layer"),
                    )
                    .help("remove it"),
            };
            self.arrow = if is_last { None } else { Some(joint) };
            return;
        }
        if !self.chain.layers.is_empty() {
            diagnostics
                .fault(joint, format!("found a second `{found}`, expected `=>`"))
                .help("layers are joined by `=>`");
            return;
        }
        diagnostics
            .fault(
                &joint,
                format!("found nothing before this `{found}`, expected `Input(..)`"),
            )
            .help("begin with the sizes of one sample: `Input(28, 28, 1)`");
        self.arrow = if is_last { None } else { Some(joint) };
    }
}

/// The kind of a token between two layers.
enum Joint {
    /// Part of a layer.
    None,
    Arrow,
    /// A wrong arrow.
    Wrong,
    /// A layer begins before the last one has ended; no token is consumed.
    Missing,
    /// A layer begins after a word that is not a layer, such as `return`; no token is consumed.
    Word,
}

/// The kind of the token at `number`, and the number of tokens that belong to it.
fn joint(parts: &[TokenTree], number: usize, segment: &[TokenTree]) -> (Joint, usize) {
    let next = parts.get(number + 1);
    match &parts[number] {
        TokenTree::Punct(_) => sign(parts, number, segment),
        TokenTree::Ident(word) if ends_a_layer(segment) => {
            let word = word.to_string();
            let is_layer = word.starts_with(char::is_uppercase)
                || matches!(next, Some(TokenTree::Group(_)))
                || is_sign(next, ':')
                || is_sign(next, '.');
            match segment {
                [TokenTree::Ident(before)] if is_word(&before.to_string()) => (Joint::Word, 0),
                _ if word == "as" => (Joint::None, parts.len().min(number + 2) - number),
                _ if is_layer => (Joint::Missing, 0),
                _ if matches!(next, Some(TokenTree::Ident(_))) => (Joint::Wrong, 1),
                _ => (Joint::None, 1),
            }
        }
        _ => (Joint::None, 1),
    }
}

fn sign(parts: &[TokenTree], number: usize, segment: &[TokenTree]) -> (Joint, usize) {
    let run = run(&parts[number..]);
    if run.starts_with("=>") {
        return match run.chars().nth(2) {
            Some('=' | '>') => (Joint::Wrong, run.len()),
            _ => (Joint::Arrow, 2),
        };
    }
    let first = run.chars().next().unwrap_or(' ');
    let Some(before) = segment.last() else {
        return match first {
            ',' | ';' | '|' | '=' | '>' => (Joint::Wrong, run.len()),
            '-' if run.len() > 1 => (Joint::Wrong, run.len()),
            _ => (Joint::None, 1),
        };
    };
    match first {
        '.' => {
            let upper = |it: &TokenTree| matches!(it, TokenTree::Ident(word) if word.to_string().starts_with(char::is_uppercase));
            match (before, parts.get(number + 1)) {
                (TokenTree::Group(_), Some(next)) if upper(next) => (Joint::Wrong, 1),
                _ => (Joint::None, 1),
            }
        }
        ':' if run.starts_with("::") => match before {
            TokenTree::Group(_) => (Joint::Wrong, 2),
            _ => (Joint::None, 2),
        },
        '=' if run == "=" && is_sign(parts.get(number + 1), '>') => (Joint::Wrong, 2),
        '<' => match (before, generics_end(parts, number)) {
            (TokenTree::Ident(_), Some(end)) => (Joint::None, end - number),
            (TokenTree::Punct(before), Some(end)) if before.as_char() == ':' => {
                (Joint::None, end - number)
            }
            _ => (Joint::Wrong, run.len()),
        },
        '\'' | '!' | '?' | '#' | '$' | '@' | '\\' => (Joint::None, 1),
        _ => (Joint::Wrong, run.len()),
    }
}

/// The position after the `>` that closes the `<` at `number`.
pub fn generics_end(parts: &[TokenTree], number: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut before = ' ';
    for (place, part) in parts.iter().enumerate().skip(number) {
        let TokenTree::Punct(punct) = part else {
            before = ' ';
            continue;
        };
        match punct.as_char() {
            '<' => depth += 1,
            // The `>` of an arrow.
            '>' if before == '=' || before == '-' => return None,
            '>' => {
                depth -= 1;
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            ';' => return None,
            _ => {}
        }
        before = punct.as_char();
    }
    None
}

/// The punctuation characters that follow each other without a space.
fn run(parts: &[TokenTree]) -> String {
    let mut run = String::new();
    for part in parts {
        let TokenTree::Punct(punct) = part else { break };
        run.push(punct.as_char());
        if punct.spacing() == Spacing::Alone {
            break;
        }
    }
    run
}

fn is_sign(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Whether a name after it begins another layer.
fn ends_a_layer(segment: &[TokenTree]) -> bool {
    match segment.last() {
        Some(TokenTree::Punct(punct)) => punct.as_char() == '>',
        Some(_) => true,
        None => false,
    }
}

/// Whether it is a keyword that precedes layers in other languages.
fn is_word(word: &str) -> bool {
    [
        "return", "new", "let", "def", "class", "fn", "then", "and", "yield",
    ]
    .contains(&word)
}

/// The tokens, with the groups that a `macro_rules!` puts around each fragment removed.
fn without_invisible_groups(tokens: TokenStream) -> Vec<TokenTree> {
    let mut parts = Vec::new();
    let mut left: Vec<TokenTree> = tokens.into_iter().collect();
    left.reverse();
    while let Some(token) = left.pop() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                left.extend(inner.into_iter().rev());
            }
            _ => parts.push(token),
        }
    }
    parts
}
