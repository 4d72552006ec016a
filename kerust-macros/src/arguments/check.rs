//! Checks that a value is valid for its parameter, with the error messages.

use super::words::{unknown, word};
use super::{Kind, Parameter};
use crate::ast::{Value, ValueKind};
use crate::diagnostics::Diagnostics;
use crate::functions;
use crate::habits;
use crate::value::{short, text};
use proc_macro2::{Ident, TokenStream, TokenTree};

/// Whether `value` is valid for `parameter`. Values in Python syntax get their own messages.
pub fn check(
    parameter: &Parameter,
    value: &Value,
    named: bool,
    diagnostics: &mut Diagnostics,
) -> bool {
    let name = parameter.name;
    if let ValueKind::Word(word) = &value.kind
        && let Some(python) = python(word)
    {
        from_python(parameter, word, python, diagnostics);
        return false;
    }
    match parameter.kind {
        Kind::Count => count(parameter, value, diagnostics),
        Kind::CountOrAll => {
            matches!(value.kind, ValueKind::Integer(-1)) || count(parameter, value, diagnostics)
        }
        Kind::Pair => pair(parameter, value, diagnostics),
        Kind::Ends => match &value.kind {
            ValueKind::Tuple(ends) if ends.len() == 2 => {
                ends.iter().all(|end| count(parameter, end, diagnostics))
            }
            ValueKind::Tuple(_) | ValueKind::Sizes(_) | ValueKind::Spelled(_) => {
                other(parameter, value, takes(Kind::Ends), diagnostics)
            }
            _ => count(parameter, value, diagnostics),
        },
        Kind::PairOfAxes => {
            let mut axis = |value: &Value| {
                matches!(value.kind, ValueKind::Integer(_)) || count(parameter, value, diagnostics)
            };
            match &value.kind {
                ValueKind::Tuple(axes) if axes.len() == 2 => axes.iter().all(axis),
                ValueKind::Tuple(_) | ValueKind::Sizes(_) | ValueKind::Spelled(_) => {
                    other(parameter, value, takes(Kind::Ends), diagnostics)
                }
                _ => axis(value),
            }
        }
        Kind::Borders => match &value.kind {
            ValueKind::Tuple(sides) if sides.len() == 2 => {
                sides.iter().all(|side| match &side.kind {
                    ValueKind::Tuple(ends) if ends.len() == 2 => {
                        ends.iter().all(|end| count(parameter, end, diagnostics))
                    }
                    ValueKind::Tuple(_) => {
                        other(parameter, value, takes(parameter.kind), diagnostics)
                    }
                    _ => count(parameter, side, diagnostics),
                })
            }
            ValueKind::Tuple(_) => other(parameter, value, takes(parameter.kind), diagnostics),
            _ => pair(parameter, value, diagnostics),
        },
        Kind::NoiseShape => match &value.kind {
            ValueKind::Tuple(sizes) if sizes.len() > 1 => sizes.iter().all(|size| {
                matches!(&size.kind, ValueKind::Word(word) if word == "None")
                    || count(parameter, size, diagnostics)
            }),
            _ => other(parameter, value, takes(parameter.kind), diagnostics),
        },
        Kind::Axes => {
            let is_axis = |value: &Value| matches!(value.kind, ValueKind::Integer(_));
            match &value.kind {
                ValueKind::Tuple(axes) if !axes.is_empty() && axes.iter().all(is_axis) => true,
                _ => is_axis(value) || other(parameter, value, takes(parameter.kind), diagnostics),
            }
        }
        Kind::Sizes { open } => sizes(parameter, value, open, diagnostics),
        Kind::Axis => match value.kind {
            ValueKind::Integer(_) => true,
            _ => other(parameter, value, "a whole number", diagnostics),
        },
        Kind::Number(_) => number(parameter, value, diagnostics),
        Kind::Numbers(_) => match &value.kind {
            ValueKind::Tuple(numbers) if !numbers.is_empty() => {
                numbers.iter().all(|it| number(parameter, it, diagnostics))
            }
            ValueKind::Tuple(_) | ValueKind::Spelled(_) => {
                other(parameter, value, takes(parameter.kind), diagnostics)
            }
            _ => number(parameter, value, diagnostics),
        },
        Kind::Factor(_) | Kind::Range(_) => match &value.kind {
            ValueKind::Tuple(ends) if ends.len() == 2 => {
                ends.iter().all(|end| number(parameter, end, diagnostics))
            }
            ValueKind::Tuple(_) | ValueKind::Spelled(_) => other(
                parameter,
                value,
                "a number or two, as `(-0.2, 0.2)`",
                diagnostics,
            ),
            _ => number(parameter, value, diagnostics),
        },
        Kind::Flag => flag(parameter, value, diagnostics),
        Kind::Regularizer | Kind::Constraint => {
            matches!(value.kind, ValueKind::Faulty)
                || super::training::term(parameter.kind, value).is_some()
                || other(parameter, value, takes(parameter.kind), diagnostics)
        }
        Kind::Word(vocabulary) => match (functions::read(vocabulary, value), &value.kind) {
            (Some(Ok(_)), _) => true,
            (Some(Err(misfit)), _) => {
                misfit.report(diagnostics);
                false
            }
            (None, ValueKind::Word(word)) => {
                let found = word.to_string();
                let known = vocabulary.find(&found).is_some();
                if !known {
                    unknown(
                        word,
                        vocabulary,
                        habits::near(&found, vocabulary),
                        diagnostics,
                    );
                }
                known
            }
            (None, ValueKind::Faulty) => false,
            (None, _) => word(name, vocabulary, value, named, diagnostics),
        },
    }
}

/// A word of Python that is not a Rust constant.
fn python(word: &Ident) -> Option<Option<bool>> {
    match word.to_string().as_str() {
        "True" | "TRUE" => Some(Some(true)),
        "False" | "FALSE" => Some(Some(false)),
        "None" | "null" | "nil" => Some(None),
        _ => None,
    }
}

fn from_python(
    parameter: &Parameter,
    word: &Ident,
    python: Option<bool>,
    diagnostics: &mut Diagnostics,
) {
    let name = parameter.name;
    let fault = diagnostics.fault(
        word,
        format!("`{name}` takes {}, found `{word}`", takes(parameter.kind)),
    );
    match (parameter.kind, python) {
        (Kind::Flag, Some(flag)) => fault.help(format!("write `{name} = {flag}`")),
        (Kind::Sizes { open: false }, None) => fault
            .note(
                "every size of a sample is known at compile time, and the batch is not one of them",
            )
            .help("write how many there are"),
        (Kind::Sizes { open: true }, None) => {
            fault.help("write -1 for the size that follows from the others")
        }
        (_, None) if !parameter.required => {
            fault.help(format!("leave `{name}` out to use Keras's default"))
        }
        _ => fault.help(format!("write `{name} = {}`", sample(parameter.kind))),
    };
}

fn takes(kind: Kind) -> &'static str {
    match kind {
        Kind::Count | Kind::Sizes { .. } | Kind::Axis => "a whole number",
        Kind::Pair => "rows and columns, as `3x3`",
        Kind::Ends | Kind::PairOfAxes => "a whole number or two, as `(1, 2)`",
        Kind::CountOrAll => "a whole number, or -1 for all",
        Kind::Borders => "a number, rows and columns, or `((1, 2), (3, 4))`",
        Kind::NoiseShape => "a shape whose batch is `None`, as `(None, 1, 8)`",
        Kind::Axes => "a whole number or several, as `(1, 2)`",
        Kind::Number(_) => "a number",
        Kind::Numbers(_) => "a number or several, as `(0.5, 0.25)`",
        Kind::Factor(_) | Kind::Range(_) => "a number or two, as `(-0.2, 0.2)`",
        Kind::Flag => "`true` or `false`",
        Kind::Word(_) => "a word",
        Kind::Regularizer => "`l1(..)`, `l2(..)` or `l1_l2(..)` of numbers that are at least 0",
        Kind::Constraint => {
            "`max_norm(..)` or `min_max_norm(..)` of numbers that are at least 0, `unit_norm` or `non_neg`"
        }
    }
}

fn count(parameter: &Parameter, value: &Value, diagnostics: &mut Diagnostics) -> bool {
    let name = parameter.name;
    match &value.kind {
        ValueKind::Faulty => false,
        ValueKind::Word(word) => constant(parameter, word, diagnostics),
        ValueKind::Expression => called(parameter, value, diagnostics),
        ValueKind::Integer(number) if *number >= 0 => true,
        ValueKind::Integer(number) => {
            diagnostics
                .fault(
                    &value.tokens,
                    format!("`{name}` is {number}, expected a size of at least 1"),
                )
                .help("write how many there are");
            false
        }
        _ => other(parameter, value, "a whole number", diagnostics),
    }
}

fn pair(parameter: &Parameter, value: &Value, diagnostics: &mut Diagnostics) -> bool {
    match &value.kind {
        ValueKind::Sizes(sizes) if sizes.len() == 2 => true,
        ValueKind::Tuple(sizes) if sizes.len() == 2 => {
            sizes.iter().all(|size| count(parameter, size, diagnostics))
        }
        ValueKind::Spelled(spelled) => bracketed(value, spelled, diagnostics),
        ValueKind::Integer(number) => {
            if let Some(spelled) = product(&value.tokens) {
                diagnostics
                    .fault(
                        &value.tokens,
                        format!(
                            "`{}` is the number {number}, expected rows and columns",
                            text(&value.tokens)
                        ),
                    )
                    .help(format!("write `{spelled}`, or `{number}` for both"));
                return false;
            }
            count(parameter, value, diagnostics)
        }
        ValueKind::Faulty | ValueKind::Word(_) | ValueKind::Expression => {
            count(parameter, value, diagnostics)
        }
        _ => other(parameter, value, takes(Kind::Pair), diagnostics),
    }
}

/// `3x3` for `3 * 3`, which would be 9.
fn product(tokens: &TokenStream) -> Option<String> {
    let parts: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match parts.as_slice() {
        [
            TokenTree::Literal(a),
            TokenTree::Punct(times),
            TokenTree::Literal(b),
        ] if times.as_char() == '*' => Some(format!("{a}x{b}")),
        _ => None,
    }
}

fn sizes(parameter: &Parameter, value: &Value, open: bool, diagnostics: &mut Diagnostics) -> bool {
    match &value.kind {
        ValueKind::Integer(-1) if open => true,
        ValueKind::Sizes(_) => true,
        ValueKind::Tuple(sizes) if !sizes.is_empty() => sizes.iter().all(|size| {
            if let ValueKind::Word(word) = &size.kind
                && let Some(python) = python(word)
            {
                from_python(parameter, word, python, diagnostics);
                return false;
            }
            match &size.kind {
                ValueKind::Integer(-1) if open => true,
                _ => count(parameter, size, diagnostics),
            }
        }),
        ValueKind::Spelled(spelled) => bracketed(value, spelled, diagnostics),
        _ => count(parameter, value, diagnostics),
    }
}

fn bracketed(value: &Value, spelled: &str, diagnostics: &mut Diagnostics) -> bool {
    diagnostics
        .fault(
            &value.tokens,
            format!(
                "found `{}`, expected sizes joined by `x`",
                text(&value.tokens)
            ),
        )
        .help(format!("write `{spelled}`"));
    false
}

fn number(parameter: &Parameter, value: &Value, diagnostics: &mut Diagnostics) -> bool {
    match &value.kind {
        ValueKind::Faulty => false,
        ValueKind::Integer(_) | ValueKind::Float(_) => true,
        ValueKind::Word(word) => constant(parameter, word, diagnostics),
        ValueKind::Expression => called(parameter, value, diagnostics),
        _ => other(parameter, value, takes(parameter.kind), diagnostics),
    }
}

/// A word in place of a number is a constant of the user, unless it is a word of the language.
fn constant(parameter: &Parameter, word: &Ident, diagnostics: &mut Diagnostics) -> bool {
    let found = word.to_string();
    let of_the_language = found == "_"
        || found == "same"
        || found == "valid"
        || crate::words::ACTIVATIONS.find(&found).is_some();
    if of_the_language {
        diagnostics
            .fault(
                word,
                format!(
                    "`{}` takes {}, found `{found}`",
                    parameter.name,
                    takes(parameter.kind)
                ),
            )
            .help(format!(
                "write `{} = {}`",
                parameter.name,
                sample(parameter.kind)
            ));
    }
    !of_the_language
}

/// `int(64)` and `float(0.5)` are Python calls; other calls are the user's.
fn called(parameter: &Parameter, value: &Value, diagnostics: &mut Diagnostics) -> bool {
    let mut parts = value.tokens.clone().into_iter();
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(group)), None) =
        (parts.next(), parts.next(), parts.next())
    else {
        return true;
    };
    if !["int", "float", "round", "len", "tuple", "list"]
        .iter()
        .any(|it| name == it)
    {
        return true;
    }
    diagnostics
        .fault(
            &value.tokens,
            format!(
                "`{}` takes {}, found `{}`",
                parameter.name,
                takes(parameter.kind),
                short(&value.tokens)
            ),
        )
        .help(format!(
            "write the number alone: `{}`",
            short(&group.stream())
        ));
    false
}

fn flag(parameter: &Parameter, value: &Value, diagnostics: &mut Diagnostics) -> bool {
    let name = parameter.name;
    let meant = match &value.kind {
        ValueKind::Flag(_) => return true,
        ValueKind::Faulty => return false,
        ValueKind::Integer(0) => Some(false),
        ValueKind::Integer(1) => Some(true),
        ValueKind::Text(written) => written.to_lowercase().parse().ok(),
        _ => None,
    };
    let found = short(&value.tokens);
    let fault = diagnostics.fault(
        &value.tokens,
        format!("`{name}` takes `true` or `false`, found `{found}`"),
    );
    match meant {
        Some(meant) => fault.help(format!("write `{name} = {meant}`")),
        None => fault.help(format!("write `{name} = true` or `{name} = false`")),
    };
    false
}

fn other(
    parameter: &Parameter,
    value: &Value,
    expected: &str,
    diagnostics: &mut Diagnostics,
) -> bool {
    let name = parameter.name;
    if matches!(value.kind, ValueKind::Faulty) {
        return false;
    }
    let found = short(&value.tokens);
    let fault = diagnostics.fault(
        &value.tokens,
        format!("`{name}` takes {expected}, found `{found}`"),
    );
    match meant(parameter.kind, value) {
        Some(meant) => fault.help(format!("write `{name} = {meant}`")),
        None => fault.help(format!("write `{name} = {}`", sample(parameter.kind))),
    };
    false
}

/// `l1_l2` for `L1L2`, and `max_norm` for `MaxNorm`.
fn snake(word: &str) -> String {
    let mut snake = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The value that was meant by a value of another type: `64` by `"64"`, `64.0` and `(64,)`.
fn meant(kind: Kind, value: &Value) -> Option<String> {
    match (&value.kind, kind) {
        // `regularizers.l2(0.001)`, or the name of a class.
        (ValueKind::Expression, Kind::Regularizer | Kind::Constraint) => {
            let mut parts: Vec<TokenTree> = value.tokens.clone().into_iter().collect();
            let name = parts
                .iter()
                .rposition(|part| matches!(part, TokenTree::Ident(_)))?;
            let mut parts = parts.split_off(name);
            if let TokenTree::Ident(word) = &parts[0] {
                let word = Ident::new(&snake(&word.to_string()), word.span());
                parts[0] = TokenTree::Ident(word);
            }
            let meant = Value {
                tokens: parts.into_iter().collect(),
                kind: ValueKind::Expression,
            };
            super::training::term(kind, &meant).map(|_| text(&meant.tokens))
        }
        (ValueKind::Text(written), Kind::Count | Kind::Sizes { .. } | Kind::Axis) => written
            .trim()
            .parse::<usize>()
            .ok()
            .map(|it| it.to_string()),
        (
            ValueKind::Text(written),
            Kind::Number(_) | Kind::Numbers(_) | Kind::Factor(_) | Kind::Range(_),
        ) => {
            let tokens = written.parse().ok()?;
            crate::fold::float(&tokens).map(|_| written.trim().to_owned())
        }
        (ValueKind::Text(written), Kind::Pair) => {
            let mut sizes = written.split('x').map(|size| size.trim().parse::<usize>());
            let (rows, columns) = (sizes.next()?.ok()?, sizes.next().unwrap_or(Ok(0)).ok()?);
            Some(match columns {
                0 => rows.to_string(),
                _ => format!("{rows}x{columns}"),
            })
        }
        (ValueKind::Float(number), Kind::Count | Kind::Sizes { .. } | Kind::Pair | Kind::Axis)
            if number.fract() == 0.0 && (1.0..1e9).contains(number) =>
        {
            Some(format!("{number}"))
        }
        (ValueKind::Tuple(values), Kind::Count | Kind::Number(_)) => match values.as_slice() {
            [value] => Some(text(&value.tokens)),
            _ => None,
        },
        (ValueKind::Spelled(spelled), Kind::Factor(_) | Kind::Range(_) | Kind::Numbers(_)) => {
            Some(spelled.clone())
        }
        // A list of Python's.
        (ValueKind::Spelled(spelled), Kind::Axes) => Some(match spelled.contains('(') {
            true => spelled.clone(),
            false => format!("({})", spelled.replace('x', ", ")),
        }),
        (ValueKind::Sizes(sizes), Kind::Count | Kind::Number(_)) => {
            sizes.first().map(usize::to_string)
        }
        _ => None,
    }
}

pub fn sample(kind: Kind) -> &'static str {
    match kind {
        Kind::Count => "32",
        Kind::Pair => "3x3",
        Kind::Ends | Kind::PairOfAxes => "(1, 2)",
        Kind::Sizes { .. } => "28, 28, 1",
        Kind::CountOrAll => "4",
        Kind::Borders => "((1, 2), (3, 4))",
        Kind::NoiseShape => "(None, 1, 8)",
        Kind::Axis => "-1",
        Kind::Axes => "(1, 2)",
        Kind::Number(_) | Kind::Numbers(_) => "0.5",
        Kind::Factor(_) | Kind::Range(_) => "0.1",
        Kind::Flag => "false",
        Kind::Word(vocabulary) => vocabulary.words[0].0,
        Kind::Regularizer => "l2(0.01)",
        Kind::Constraint => "max_norm(2)",
    }
}

pub fn example(kind: &Ident, parameters: &[Parameter]) -> String {
    let required = parameters.iter().filter(|parameter| parameter.required);
    if !crate::catalog::is_of_one(&kind.to_string()) {
        let named = required.map(|it| format!("{} = {}", it.name, sample(it.kind)));
        let values: Vec<_> = named.collect();
        return format!("{kind}(a, b, {})", values.join(", "));
    }
    let values: Vec<_> = required.map(|parameter| sample(parameter.kind)).collect();
    format!("{kind}({})", values.join(", "))
}
