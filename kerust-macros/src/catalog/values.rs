//! Layers for values of any shape.

use super::{After, Before, Bias, Macs, Masking, Rule, Spec, Weights, initializers, rule};
use crate::arguments::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plan::{Fusion, Role};
use crate::value::{Number, Size, Term};
use kerust_core::shape::{Fault, Shape};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub fn dense(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let units = arguments.count("units");
    let initializers = initializers(arguments);
    let (rule, after) = match before.data.rank() {
        Some(2) => {
            let steps = before.data.dim(0, before.nameable);
            (
                rule!(dense(before.data, units)),
                vec![Some(steps), Some(units.clone())],
            )
        }
        Some(_) => (rule!(dense(before.data, units)), vec![Some(units.clone())]),
        None => (
            rule!(dense_of_vector(before.data, units)),
            vec![Some(units.clone())],
        ),
    };
    Spec {
        masking: Masking::Keeps,
        rule,
        after: After::Sizes(after),
        config: quote!(::new() #initializers),
        weights: Some(Weights::kernel(
            "DenseWeights",
            vec![before.data.last_size(before.nameable), units.clone()],
            match arguments.flag("use_bias", true) {
                true => Bias::OfEach(units),
                false => Bias::None,
            },
        )),
        macs: Macs::Dense,
        activation: arguments.word("activation"),
        forgets_output: true,
        takes_activation: true,
        fusion: Fusion::Product,
        ..Spec::default()
    }
}

pub fn flatten(_: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    Spec {
        rule: rule!(flatten(before.data)),
        after: After::Sizes(vec![None]),
        role: Role::Alias,
        config: TokenStream::new(),
        ..Spec::default()
    }
}

pub fn reshape(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let mut target = arguments.sizes("target_shape");
    if !arguments.sound {
        // The number of sizes is unknown.
        target.clear();
    } else if target.iter().filter(|size| size.is_none()).count() > 1 {
        diagnostics
            .fault(
                arguments.tokens("target_shape"),
                "two sizes are -1, expected at most one",
            )
            .help("write all sizes but one: the last one follows from them");
        target.clear();
    } else if target.len() > kerust_core::shape::MAX_RANK {
        diagnostics
            .fault(
                arguments.tokens("target_shape"),
                format!("`Reshape` to {} sizes, expected at most 4", target.len()),
            )
            .help("a sample has 1 to 4 dimensions");
        target.clear();
    }
    let known = || -> Option<Result<Shape, Fault>> {
        let shape = before.data.known()?;
        let sizes: Option<Vec<isize>> = target
            .iter()
            .map(|size| match size {
                None => Some(-1),
                Some(size) => isize::try_from(size.known?).ok(),
            })
            .collect();
        Some(kerust_core::shape::reshape(shape, &sizes?))
    };
    let (known, shape) = (known(), before.data.shape());
    let sizes = target.iter().map(|size| match size {
        None => quote!(-1),
        Some(size) if size.known.is_some() => quote!(#size),
        Some(size) => quote!((#size) as isize),
    });
    let tokens = quote!(::kerust::__private::shape::reshape(#shape, &[#(#sizes),*]));
    Spec {
        rule: (!target.is_empty()).then_some(Rule { known, tokens }),
        after: After::Sizes(target),
        role: Role::Alias,
        config: TokenStream::new(),
        ..Spec::default()
    }
}

pub fn rescaling(arguments: &Arguments<'_>, _: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let scale = arguments
        .number("scale")
        .unwrap_or(Number::known(1.0))
        .tokens();
    let offset = arguments
        .number("offset")
        .unwrap_or(Number::known(0.0))
        .tokens();
    Spec {
        masking: Masking::Keeps,
        config: quote!(::new(#scale, #offset)),
        in_place: true,
        ..Spec::default()
    }
}

/// Vectors with one value for each feature.
pub(super) fn of_features(name: &'static str, features: &Size, vectors: usize) -> Weights {
    Weights {
        name,
        sizes: vec![features.clone()],
        params: features.known.map(|features| vectors * features),
        ..Weights::default()
    }
}

/// `.epsilon(0.001)`, if it is given.
pub(super) fn numbers(arguments: &Arguments<'_>, names: &[&str]) -> TokenStream {
    let given = names.iter().filter_map(|name| {
        let value = arguments.number(name)?.tokens();
        let method = Ident::new(name, Span::call_site());
        Some(quote!(.#method(#value)))
    });
    given.collect()
}
