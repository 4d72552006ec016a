//! The layers that regularize values in training, most of them by random numbers: one row each.

use super::axes::known_rank;
use super::images::image;
use super::rows::{optional, required};
use super::{After, Before, Masking, Row, Rule, Spec, rule};
use crate::arguments::{Arguments, Kind};
use crate::diagnostics::Diagnostics;
use crate::plan::{Form, Role};
use crate::value::{Number, Term, text};
use kerust_core::shape::Bounds;
use proc_macro2::TokenStream;
use quote::quote;

pub(super) static ROWS: &[Row] = &[
    Row {
        name: "Dropout",
        parameters: &[
            required("rate", Kind::Number(Bounds::Share)),
            optional("noise_shape", Kind::NoiseShape),
        ],
        infer: dropout,
    },
    Row {
        name: "AlphaDropout",
        parameters: &[
            required("rate", Kind::Number(Bounds::ShareBelow1)),
            optional("noise_shape", Kind::NoiseShape),
        ],
        infer: dropout,
    },
    Row {
        name: "GaussianDropout",
        parameters: &[required("rate", Kind::Number(Bounds::ShareBelow1))],
        infer: dropout,
    },
    Row {
        name: "SpatialDropout2D",
        parameters: &[required("rate", Kind::Number(Bounds::Share))],
        infer: spatial_dropout2d,
    },
    Row {
        name: "GaussianNoise",
        parameters: &[required("stddev", Kind::Number(Bounds::Share))],
        infer: gaussian_noise,
    },
    Row {
        name: "ActivityRegularization",
        parameters: &[
            optional("l1", Kind::Number(Bounds::NotNegative)),
            optional("l2", Kind::Number(Bounds::NotNegative)),
        ],
        infer: activity_regularization,
    },
];

fn dropout(arguments: &Arguments<'_>, before: &Before<'_>, diagnostics: &mut Diagnostics) -> Spec {
    let rate = rate(arguments);
    let shared = match arguments.has("noise_shape") {
        true => noise_shape(arguments, before, diagnostics),
        false => None,
    };
    let (config, saved) = match (shared, &before.data.form) {
        (Some(shared), Form::Sizes(sizes)) => {
            let shape = before.data.shape();
            let of_each = sizes.iter().enumerate();
            let of_each = of_each
                .filter(|(axis, _)| !shared.contains(axis))
                .map(|(_, size)| size.tokens());
            (
                quote!(::new(#rate).noise_shape(#shape, &[#(#shared),*])),
                quote!(1usize #(.saturating_mul(#of_each))*),
            )
        }
        _ => (quote!(::new(#rate)), before.data.len()),
    };
    Spec {
        masking: Masking::Keeps,
        role: Role::TrainingOnly,
        config,
        saved: Some(saved),
        ..Spec::default()
    }
}

fn rate(arguments: &Arguments<'_>) -> TokenStream {
    let rate = arguments.number("rate");
    rate.unwrap_or(Number::known(0.5)).tokens()
}

/// The axes of a sample along which one number is drawn for all.
fn noise_shape(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<usize>> {
    let shape = arguments.noise_shape("noise_shape")?;
    known_rank(
        arguments,
        before,
        arguments.tokens("noise_shape"),
        diagnostics,
    )?;
    let Form::Sizes(sizes) = &before.data.form else {
        return None;
    };
    let mut shape = shape.into_iter();
    if let Some((Some(_), tokens)) = shape.next() {
        diagnostics
            .fault(
                &tokens,
                format!(
                    "the batch of `noise_shape` is `{}`, expected `None`",
                    text(&tokens)
                ),
            )
            .note("each sample of a batch draws numbers of its own")
            .help("write `None` first");
        return None;
    }
    if shape.len() != sizes.len() {
        let tokens = arguments.tokens("noise_shape");
        diagnostics
            .fault(
                &tokens,
                format!(
                    "`noise_shape` is of {} axes behind the batch, found {}",
                    shape.len(),
                    before.data
                ),
            )
            .help(format!(
                "write `None`, and a size for each of the {}",
                sizes.len()
            ));
        return None;
    }
    let mut shared = Vec::new();
    for (axis, ((found, tokens), size)) in shape.zip(sizes).enumerate() {
        let Some(found) = found else { continue };
        match (found.known, size.known) {
            (Some(1), _) => shared.push(axis),
            (Some(found), Some(size)) if found == size => {}
            _ if found.tokens().to_string() == size.tokens().to_string() => {}
            _ => {
                diagnostics
                    .fault(
                        &tokens,
                        format!(
                            "a size of `noise_shape` is `{}`, found {}",
                            text(&tokens),
                            before.data
                        ),
                    )
                    .help("write 1 to share what is dropped along this axis, or `None`");
                return None;
            }
        }
    }
    Some(shared)
}

fn spatial_dropout2d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let (input, rate) = (image(before), rate(arguments));
    Spec {
        rule: rule!(image(before.data)),
        after: After::Same,
        role: Role::TrainingOnly,
        config: quote!(::new(#input, #rate)),
        saved: Some(before.data.dim(2, true).tokens()),
        ..Spec::default()
    }
}

fn gaussian_noise(arguments: &Arguments<'_>, _: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let stddev = arguments.number("stddev").unwrap_or(Number::known(0.0));
    let tokens = stddev.tokens();
    Spec {
        masking: Masking::Keeps,
        role: Role::TrainingOnly,
        config: quote!(::new(#tokens)),
        ..Spec::default()
    }
}

fn activity_regularization(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let [l1, l2] = ["l1", "l2"].map(|name| {
        let factor = arguments.number(name).unwrap_or(Number::known(0.0));
        factor.tokens()
    });
    let shape = before.data.shape();
    Spec {
        masking: Masking::Keeps,
        role: Role::TrainingOnly,
        config: quote!(
            ::new(::kerust::__private::regularizer::Regularizer::l1_l2(#l1, #l2), #shape)
        ),
        saved: Some(quote!(1)),
        forgets_output: true,
        penalizes: true,
        ..Spec::default()
    }
}
