//! The layers that compute value by value: one row each.

use super::axes::{Count, known_rank, places};
use super::rows::{constraint, initializer, optional, regularizer, required};
use super::values::numbers;
use super::{After, Before, Masking, Row, Rule, Spec, Weights, initializers, product};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::diagnostics::Diagnostics;
use crate::functions;
use crate::plan::{Form, Role};
use crate::value::{Size, Term};
use crate::words::ACTIVATIONS;
use kerust_core::shape::Bounds;
use proc_macro2::TokenStream;
use quote::quote;

const NEGATIVE_SLOPE: Parameter = optional("negative_slope", Kind::Number(Bounds::NotNegative));

pub(super) static ROWS: &[Row] = &[
    Row {
        name: "Activation",
        parameters: &[required("activation", Kind::Word(&ACTIVATIONS))],
        infer: activation,
    },
    Row {
        name: "ReLU",
        parameters: &[
            optional("max_value", Kind::Number(Bounds::NotNegative)),
            NEGATIVE_SLOPE,
            optional("threshold", Kind::Number(Bounds::NotNegative)),
        ],
        infer: relu,
    },
    Row {
        name: "LeakyReLU",
        parameters: &[NEGATIVE_SLOPE],
        infer: elementwise,
    },
    Row {
        name: "ELU",
        parameters: &[optional("alpha", Kind::Number(Bounds::NotNegative))],
        infer: elementwise,
    },
    Row {
        name: "PReLU",
        parameters: &[
            initializer("alpha_initializer"),
            regularizer("alpha_regularizer"),
            constraint("alpha_constraint"),
            optional("shared_axes", Kind::Axes),
        ],
        infer: prelu,
    },
    Row {
        name: "Softmax",
        parameters: &[optional("axis", Kind::Axes)],
        infer: softmax,
    },
    Row {
        name: "Identity",
        parameters: &[],
        infer: identity,
    },
];

/// `Activation(word)` and `Softmax`: the node is the activation behind nothing.
fn activation(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    if arguments.has("activation")
        && let Some((functions::GLU, _)) = arguments.function()
    {
        return glu(arguments, before, diagnostics);
    }
    let softmax = ("Softmax", arguments.span());
    Spec {
        masking: Masking::Keeps,
        role: Role::Alias,
        operation: Some("Activation"),
        activation: match arguments.has("activation") {
            true => arguments.word("activation"),
            false => Some(softmax),
        },
        ..Spec::default()
    }
}

fn glu(arguments: &Arguments<'_>, before: &Before<'_>, diagnostics: &mut Diagnostics) -> Spec {
    let mut after: Vec<Option<Size>> = match &before.data.form {
        Form::Sizes(sizes) => sizes.iter().cloned().map(Some).collect(),
        _ => {
            known_rank(
                arguments,
                before,
                arguments.tokens("activation"),
                diagnostics,
            );
            Vec::new()
        }
    };
    if let Some(last) = after.last_mut() {
        *last = None;
    }
    let (shape, features) = (before.data.shape(), before.data.last());
    Spec {
        masking: Masking::Keeps,
        rule: Some(Rule {
            known: before.data.known().map(kerust_core::shape::glu),
            tokens: quote!(::kerust::__private::shape::glu(#shape)),
        }),
        after: After::Sizes(after),
        operation: Some("Glu"),
        config: quote!(::new(#features)),
        forgets_output: true,
        ..Spec::default()
    }
}

/// Along the last axis it is the activation.
fn softmax(arguments: &Arguments<'_>, before: &Before<'_>, diagnostics: &mut Diagnostics) -> Spec {
    let places = places(arguments, "axis", before, Count::BothWays, diagnostics);
    let last = before.data.rank().map(|rank| rank - 1);
    match places {
        Some(places) if Some(places.as_slice()) != last.as_ref().map(std::slice::from_ref) => {
            let shape = before.data.shape();
            Spec {
                config: quote!(::new(#shape, &[#(#places),*])),
                in_place: true,
                ..Spec::default()
            }
        }
        // What was meant is not known.
        None if arguments.is_given("axis") => Spec {
            masking: Masking::Keeps,
            ..Spec::default()
        },
        _ => activation(arguments, before, diagnostics),
    }
}

fn relu(arguments: &Arguments<'_>, before: &Before<'_>, diagnostics: &mut Diagnostics) -> Spec {
    if arguments
        .names()
        .iter()
        .any(|name| arguments.is_given(name))
    {
        return elementwise(arguments, before, diagnostics);
    }
    Spec {
        masking: Masking::Keeps,
        role: Role::Alias,
        operation: Some("Activation"),
        activation: Some(("Relu", arguments.span())),
        ..Spec::default()
    }
}

/// A layer with a setting for each number that it takes.
fn elementwise(arguments: &Arguments<'_>, _: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let settings = numbers(arguments, &arguments.names());
    Spec {
        masking: Masking::Keeps,
        config: quote!(::new() #settings),
        in_place: true,
        forgets_output: true,
        ..Spec::default()
    }
}

fn prelu(arguments: &Arguments<'_>, before: &Before<'_>, diagnostics: &mut Diagnostics) -> Spec {
    let shared = places(
        arguments,
        "shared_axes",
        before,
        Count::FromOne,
        diagnostics,
    );
    let shared = shared.unwrap_or_default();
    let sizes = match &before.data.form {
        Form::Sizes(sizes) => sizes.clone(),
        _ => {
            if !arguments.is_given("shared_axes") {
                known_rank(arguments, before, arguments.tokens(""), diagnostics);
            }
            vec![before.data.last_size(before.nameable)]
        }
    };
    let alpha = sizes.into_iter().enumerate();
    let alpha: Vec<Size> = alpha
        .map(|(axis, size)| match shared.contains(&axis) {
            true => Size::known(1),
            false => size,
        })
        .collect();
    let (shape, initializer) = (before.data.shape(), initializers(arguments));
    // Along the steps each has a slope of its own, or all have one.
    Spec {
        masking: Masking::Keeps,
        config: quote!(::new(#shape, &[#(#shared),*]) #initializer),
        weights: Some(Weights {
            name: "PReLUWeights",
            params: product(&alpha),
            arrays: vec![alpha],
            ..Weights::default()
        }),
        in_place: true,
        forgets_output: true,
        ..Spec::default()
    }
}

fn identity(_: &Arguments<'_>, _: &Before<'_>, _: &mut Diagnostics) -> Spec {
    Spec {
        masking: Masking::Keeps,
        role: Role::Alias,
        config: TokenStream::new(),
        ..Spec::default()
    }
}
