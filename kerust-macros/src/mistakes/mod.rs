//! Tests of mistakes, each of which must give exactly one error. `INSTA_UPDATE=always` updates the messages;
//! read them carefully.

mod mutations;

use crate::diagnostics::Diagnostics;
use crate::{infer, int8, parse};
use proc_macro2::TokenStream;

/// The errors of a model, with their messages and positions.
fn faults(tokens: TokenStream) -> Vec<syn::Error> {
    let mut diagnostics = Diagnostics::default();
    if let Some(model) = parse::model(tokens, &mut diagnostics) {
        let plan = infer::plan(&model, &mut diagnostics);
        if diagnostics.is_empty() {
            int8::twin(&model, &plan, &mut diagnostics);
        }
    }
    diagnostics.into_error().into_iter().flatten().collect()
}

/// Checks the table of a file with one mistake per line.
fn table(name: &str, mistakes: &str) {
    let mut table = String::new();
    let mut more = Vec::new();
    for mistake in mistakes.lines().filter(|line| !line.is_empty()) {
        let tokens: TokenStream = mistake
            .parse()
            .unwrap_or_else(|error| panic!("{mistake}: {error}"));
        let faults = faults(tokens);
        if faults.len() != 1 {
            more.push(mistake);
        }
        table += mistake;
        for fault in &faults {
            let message = fault
                .to_string()
                .replace("\n\n", "\n")
                .replace('\n', "\n    ");
            let range = fault.span().byte_range();
            let place = mistake.get(range).unwrap_or("NOWHERE");
            table += &format!("\n    at `{place}`: {message}");
        }
        table += "\n\n";
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, table));
    assert!(more.is_empty(), "not one error each:\n{}", more.join("\n"));
}

#[test]
fn habits_of_keras() {
    table("keras", include_str!("keras.txt"));
}

#[test]
fn lines_of_the_course() {
    table("course", include_str!("course.txt"));
}

#[test]
fn habits_of_pytorch() {
    table("pytorch", include_str!("pytorch.txt"));
}

#[test]
fn habits_of_rust() {
    table("rust", include_str!("rust.txt"));
}

#[test]
fn slips_of_the_keyboard() {
    table("slips", include_str!("slips.txt"));
}

#[test]
fn numbers_out_of_range() {
    table("ranges", include_str!("ranges.txt"));
}

#[test]
fn layers_over_sequences() {
    table("sequences", include_str!("sequences.txt"));
}

#[test]
fn models_with_a_twin() {
    table("int8", include_str!("int8.txt"));
}

#[test]
fn valid_models_get_no_error() {
    for model in include_str!("valid.txt")
        .lines()
        .filter(|line| !line.is_empty())
    {
        let faults = faults(model.parse().unwrap());
        assert!(faults.is_empty(), "{model}: {}", faults[0]);
    }
}

/// The rank and channels that are known after an error remain known, so that a later mistake is found too.
#[test]
fn a_bad_argument_hides_no_other_mistake() {
    for (model, found) in [
        ("Conv2D(10, 3x3, smae) => Dense(3)", "(.., .., 10)"),
        (
            "Conv2D(10, \"3x3\") => MaxPooling2D(2) => Dense(3)",
            "(.., .., 10)",
        ),
        ("Conv2D(\"10\", 3x3) => ReLU => Dense(3)", "(.., .., ..)"),
        (
            "Conv2D(10) => BatchNormalization => Dense(3)",
            "(.., .., 10)",
        ),
        (
            "MaxPooling2D(2, strides = True) => Dropout(0.5) => Dense(3)",
            "(.., .., 1)",
        ),
        (
            "Conv2D(10, 3x3, activation = rellu) => Dense(3)",
            "(26, 26, 10)",
        ),
        ("Conv2D(10, 3x3, pading = same) => Dense(3)", "(28, 28, 10)"),
        (
            "Conv2D(10, 3x3, stride = 2, same) => Dense(3)",
            "(14, 14, 10)",
        ),
    ] {
        let model = format!("Net: Input(28, 28, 1) => {model}");
        let faults = faults(model.parse().unwrap());
        let [_, second] = faults.as_slice() else {
            panic!("{model}: {} errors", faults.len());
        };
        let expected = format!("`Dense` takes a rank-1 or rank-2 input, found {found}");
        assert!(
            second.to_string().starts_with(&expected),
            "{model}: {second}"
        );
    }
}
