//! Whether a value can be what a parameter takes, and the words where it cannot.

use super::{Kind, Parameter};
use crate::ast::{Value, ValueKind};
use crate::report::{Report, nearest};
use crate::value::text;
use crate::words::Vocabulary;
use proc_macro2::Ident;

/// Whether `value` can be what `parameter` takes.
pub fn check(parameter: &Parameter, value: &Value, report: &mut Report) -> bool {
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

pub fn unknown(word: &Ident, vocabulary: &Vocabulary, near: Option<&str>, report: &mut Report) {
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

pub fn sample(kind: Kind) -> &'static str {
    match kind {
        Kind::Count => "32",
        Kind::Pair => "3x3",
        Kind::Sizes { .. } => "28, 28, 1",
        Kind::Number => "0.5",
        Kind::Flag => "false",
        Kind::Word(vocabulary) => vocabulary.words[0].0,
    }
}

pub fn example(kind: &Ident, parameters: &[Parameter]) -> String {
    let required = parameters.iter().filter(|parameter| parameter.required);
    let values: Vec<_> = required.map(|parameter| sample(parameter.kind)).collect();
    format!("{kind}({})", values.join(", "))
}
