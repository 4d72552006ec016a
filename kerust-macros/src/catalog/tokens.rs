//! The layers that create masks, with one row each.

use super::rows::{constraint, initializer, optional, regularizer, required};
use super::{After, Before, Masking, Row, Rule, Spec, Weights, product, rule, setting};
use crate::arguments::{Arguments, Kind};
use crate::diagnostics::Diagnostics;
use crate::value::{Number, Term};
use kerust_core::element::Dtype;
use kerust_core::shape::Bounds;
use proc_macro2::TokenStream;
use quote::quote;

/// All layers that create a mask.
pub static ROWS: &[Row] = &[
    Row {
        name: "Embedding",
        parameters: &[
            required("input_dim", Kind::Count),
            required("output_dim", Kind::Count),
            initializer("embeddings_initializer"),
            regularizer("embeddings_regularizer"),
            constraint("embeddings_constraint"),
            optional("mask_zero", Kind::Flag),
        ],
        infer: embedding,
    },
    Row {
        name: "Masking",
        parameters: &[optional("mask_value", Kind::Number(Bounds::Finite))],
        infer: masking,
    },
];

fn embedding(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let [vocabulary, width] = ["input_dim", "output_dim"].map(|name| arguments.count(name));
    let initializer = setting(arguments, "embeddings_initializer");
    let masks = arguments.flag("mask_zero", false);
    Spec {
        takes: Dtype::U16,
        masking: match masks {
            true => Masking::Makes,
            false => Masking::Keeps,
        },
        arguments: match masks {
            true => quote!(<(f32, u8)>),
            false => TokenStream::new(),
        },
        rule: rule!(embedding(before.data, vocabulary, width)),
        after: After::Sizes(vec![
            Some(before.data.dim(0, before.nameable)),
            Some(width.clone()),
        ]),
        config: quote!(::new() #initializer),
        weights: Some(Weights {
            name: "EmbeddingWeights",
            params: product(&[vocabulary.clone(), width.clone()]),
            sizes: vec![vocabulary, width],
            ..Weights::default()
        }),
        forgets_output: true,
        ..Spec::default()
    }
}

fn masking(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let value = arguments.number("mask_value").unwrap_or(Number::known(0.0));
    let (value, features) = (value.tokens(), before.data.last_size(before.nameable));
    Spec {
        masking: Masking::Makes,
        rule: rule!(sequence(before.data)),
        config: quote!(::new(#features, #value)),
        ..Spec::default()
    }
}
