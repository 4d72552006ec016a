//! Attention layers, and `Dot`.

use super::values::numbers;
use super::{
    After, Before, Macs, Masking, Rule, Spec, Weights, initializers, product, setting, sum,
};
use crate::arguments::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plan::ValueType;
use crate::value::{Pair, Size, Term};
use kerust_core::shape::Shape;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use syn::{BinOp, Expr, ExprLit, Lit, parse2};

pub(super) fn multi_head_attention(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    for name in ["key_dim", "value_dim"] {
        undivided(arguments, name, diagnostics);
    }
    let [heads, key_dim] = ["num_heads", "key_dim"].map(|name| arguments.count(name));
    let value_dim = arguments.optional_count("value_dim");
    let value_dim = value_dim.unwrap_or(key_dim.clone());
    let output_shape = arguments.optional_count("output_shape");
    let all: Vec<&ValueType> = [&[before.data], before.others].concat();
    let value = before.others.first().copied().unwrap_or(before.data);
    let key = before.others.get(1).copied().unwrap_or(value);
    let [query_features, key_features, value_features] =
        [before.data, key, value].map(|data| data.dim(1, before.nameable));
    let [query_input, value_input] = [before.data, value].map(|data| {
        let [steps, features] = [0, 1].map(|axis| data.dim(axis, true));
        quote!([#steps, #features])
    });

    let mut config = quote!(::new(#query_input, #value_input, #heads, #key_dim));
    if before.others.len() > 1 {
        let features = key.dim(1, true);
        config.extend(quote!(.key_features(#features)));
    }
    if arguments.optional_count("value_dim").is_some() {
        config.extend(quote!(.value_dim(#value_dim)));
    }
    if let Some(outputs) = &output_shape {
        config.extend(quote!(.output_shape(#outputs)));
    }
    if arguments.flag("use_causal_mask", false) {
        config.extend(quote!(.use_causal_mask(true)));
    }
    config.extend(numbers(arguments, &["dropout"]));
    config.extend(initializers(arguments));

    let known: Option<Vec<Shape>> = all.iter().map(|data| data.known()).collect();
    let dims = [&heads, &key_dim, &value_dim].map(|size| size.known);
    let known = known.zip(match dims {
        [Some(heads), Some(key_dim), Some(value_dim)] => Some([heads, key_dim, value_dim]),
        _ => None,
    });
    let shapes = all.iter().map(|data| data.shape());
    let terms = quote!(&[#(#shapes),*], #heads, #key_dim, #value_dim);
    let mut rule = Rule {
        known: known.clone().map(|(shapes, [heads, key_dim, value_dim])| {
            kerust_core::shape::multi_head_attention(&shapes, heads, key_dim, value_dim)
        }),
        tokens: quote!(::kerust::__private::shape::multi_head_attention(#terms)),
    };
    let mut after = After::Same;
    let outputs = output_shape.clone().unwrap_or(query_features.clone());
    if let Some(features) = output_shape {
        let (judged, tokens) = (rule.known.zip(features.known), rule.tokens);
        rule = Rule {
            known: judged
                .map(|(judged, known)| kerust_core::shape::attention_output(judged, known)),
            tokens: quote!(::kerust::__private::shape::attention_output(#tokens, #features)),
        };
        after = After::Sizes(vec![
            Some(before.data.dim(0, before.nameable)),
            Some(features),
        ]);
    }
    let is_sound = matches!(rule.known, Some(Ok(_)));
    let macs = known.clone().zip(outputs.known).filter(|_| is_sound);
    let macs = macs.map(|((shapes, [heads, key_dim, value_dim]), outputs)| {
        kerust_core::shape::multi_head_attention_macs(&shapes, heads, key_dim, value_dim, outputs)
    });
    let of =
        |features: &Size, width: &Size| product(&[features.clone(), heads.clone(), width.clone()]);
    let kernels = [
        of(&query_features, &key_dim),
        of(&key_features, &key_dim),
        of(&value_features, &value_dim),
        of(&outputs, &value_dim),
    ];
    let one = Size::known(1);
    let biases = match arguments.flag("use_bias", true) {
        true => [
            of(&one, &key_dim),
            of(&one, &key_dim),
            of(&one, &value_dim),
            outputs.known,
        ],
        false => [Some(0); 4],
    };
    let params = kernels.into_iter().chain(biases);
    let params = params.fold(Some(0), sum);
    let mut sizes = vec![
        query_features,
        key_features,
        value_features,
        heads,
        key_dim,
        value_dim,
    ];
    if !arguments.flag("use_bias", true) {
        sizes.extend([outputs.clone(), Size::known(0), Size::known(0)]);
    } else if arguments.has("output_shape") {
        sizes.push(outputs.clone());
    }
    let layer = known
        .clone()
        .and_then(|(shapes, [heads, key_dim, value_dim])| {
            let &[query, ..] = shapes.as_slice() else {
                return None;
            };
            let value = *shapes.get(1).unwrap_or(&query);
            let rate = arguments
                .number("dropout")
                .map_or(Some(0.0), |rate| rate.known)?;
            let sound = is_sound && (0.0..=1.0).contains(&rate);
            let [query, value] = [query, value].map(|shape| [shape.extent(0), shape.extent(1)]);
            sound.then(|| {
                <kerust_core::layers::MultiHeadAttention>::new(query, value, heads, key_dim)
                    .value_dim(value_dim)
                    .dropout(rate)
            })
        });
    let inputs = elements(before);
    let len = |of: &str, known: Option<usize>| {
        if let Some(known) = known {
            return Size::known(known).tokens();
        }
        let of = Ident::new(of, Span::call_site());
        quote!((<::kerust::__private::layers::MultiHeadAttention #inputs> #config).#of())
    };
    Spec {
        masking: Masking::UsesAndKeeps,
        arguments: inputs.clone(),
        rule: Some(rule),
        after,
        weights: Some(Weights {
            name: "MultiHeadAttentionWeights",
            sizes,
            params,
            ..Weights::default()
        }),
        macs: Macs::Stated(
            macs,
            quote!(::kerust::__private::shape::multi_head_attention_macs(#terms, #outputs)),
        ),
        scratch: Some(len("scratch_len", layer.map(|layer| layer.scratch_len()))),
        saved: Some(len("saved_len", layer.map(|layer| layer.saved_len()))),
        config,
        ..Spec::default()
    }
}

/// The element types of what attention is applied to, if they are not those of self-attention without a mask.
fn elements(before: &Before<'_>) -> TokenStream {
    let count = Literal::usize_unsuffixed(1 + before.others.len());
    match (before.others, before.masked) {
        ([], [true, ..]) => quote!(<(f32, u8)>),
        ([], _) => TokenStream::new(),
        (_, [query, keys @ ..]) if *query || keys.contains(&true) => {
            let mask = |is: bool| if is { quote!(u8) } else { quote!(()) };
            let [query, key] = [mask(*query), mask(keys.contains(&true))];
            quote!(<([f32; #count], #query, #key)>)
        }
        _ => quote!(<[f32; #count]>),
    }
}

/// Reports the width of a head that is a quotient with a remainder: heads that do not divide the features.
fn undivided(arguments: &Arguments<'_>, name: &str, diagnostics: &mut Diagnostics) {
    if !arguments.has(name) {
        return;
    }
    let tokens = arguments.tokens(name);
    let Ok(Expr::Binary(quotient)) = parse2(tokens.clone()) else {
        return;
    };
    let numbers = [integer(&quotient.left), integer(&quotient.right)];
    let (BinOp::Div(_), [Some(features), Some(heads)]) = (quotient.op, numbers) else {
        return;
    };
    if heads == 0 || features % heads == 0 {
        return;
    }
    let width = features / heads;
    diagnostics
        .fault(
            tokens,
            format!("`{name}` is {features} / {heads}, expected a whole number"),
        )
        .note(format!(
            "{heads} heads of {width} take {} of {features} features",
            heads * width
        ))
        .help(format!(
            "choose a number of heads that divides {features}, or write the width of a head: `{name} = {}`",
            width.max(1)
        ));
}

/// The number of a literal.
fn integer(expression: &Expr) -> Option<usize> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Paren(inner) => integer(&inner.expr),
        Expr::Group(inner) => integer(&inner.expr),
        _ => None,
    }
}

pub(super) fn attention(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let is_concat = matches!(arguments.word("score_mode"), Some(("Concat", _)));
    let scales = [arguments.flag("use_scale", false), is_concat].map(usize::from);
    let weights = (scales != [0, 0]).then(|| Weights {
        name: "AttentionWeights",
        params: Some(scales.iter().sum()),
        sizes: scales.map(Size::known).to_vec(),
        ..Weights::default()
    });
    Spec {
        weights,
        ..attended(arguments, before, "Attention")
    }
}

pub(super) fn additive_attention(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let features = before.data.dim(1, before.nameable);
    let scales = match arguments.flag("use_scale", true) {
        true => features,
        false => Size::known(0),
    };
    Spec {
        weights: Some(Weights {
            name: "AdditiveAttentionWeights",
            params: scales.known,
            sizes: vec![scales],
            ..Weights::default()
        }),
        ..attended(arguments, before, "AdditiveAttention")
    }
}

/// Attention without projections, computed by this layer.
fn attended(arguments: &Arguments<'_>, before: &Before<'_>, layer: &str) -> Spec {
    let layer_name = Ident::new(layer, Span::call_site());
    let all: Vec<&ValueType> = [&[before.data], before.others].concat();
    let value = before.others.first().copied().unwrap_or(before.data);
    let [query_input, value_input] = [before.data, value].map(|data| {
        let [steps, features] = [0, 1].map(|axis| data.dim(axis, true));
        quote!([#steps, #features])
    });
    let mut config = quote!(::new(#query_input, #value_input));
    if arguments.flag("use_causal_mask", false) {
        config.extend(quote!(.use_causal_mask(true)));
    }
    config.extend(numbers(arguments, &["dropout"]));
    let is_dot =
        layer == "Attention" && !matches!(arguments.word("score_mode"), Some(("Concat", _)));
    if layer == "Attention" {
        config.extend(setting(arguments, "score_mode"));
    }
    let known: Option<Vec<Shape>> = all.iter().map(|data| data.known()).collect();
    let known = known.filter(|shapes| shapes.len() > 1);
    let judged = known.as_deref().map(kerust_core::shape::attention);
    let sound = known.filter(|_| matches!(judged, Some(Ok(_))));
    let shapes = all.iter().map(|data| data.shape());
    let terms = quote!(&[#(#shapes),*]);
    let inputs = elements(before);
    let len = |of: &str, known: Option<usize>| match known {
        Some(known) => Size::known(known).tokens(),
        None => {
            let of = Ident::new(of, Span::call_site());
            quote!((<::kerust::__private::layers::#layer_name #inputs> #config).#of())
        }
    };
    let square = sound
        .as_ref()
        .map(|shapes| shapes[0].dim(0) * shapes[1].dim(0));
    // The scores of one query, or of all queries.
    let keys = match is_dot {
        true => sound.as_ref().map(|shapes| shapes[1].dim(0)),
        false => square,
    };
    let saved = match arguments.number("dropout").map(|rate| rate.known) {
        None => square,
        Some(Some(rate)) => square.map(|len| if rate > 0.0 { 2 * len } else { len }),
        Some(None) => None,
    };
    Spec {
        masking: Masking::UsesAndKeeps,
        arguments: inputs.clone(),
        rule: Some(Rule {
            known: judged,
            tokens: quote!(::kerust::__private::shape::attention(#terms)),
        }),
        after: After::Sizes(vec![
            Some(before.data.dim(0, before.nameable)),
            Some(value.dim(1, before.nameable)),
        ]),
        macs: Macs::Stated(
            sound.as_deref().map(kerust_core::shape::attention_macs),
            quote!(::kerust::__private::shape::attention_macs(#terms)),
        ),
        scratch: Some(len("scratch_len", keys)),
        saved: Some(len("saved_len", saved)),
        config,
        ..Spec::default()
    }
}

pub(super) fn dot(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let all: Vec<&ValueType> = [&[before.data], before.others].concat();
    let written = arguments.pair_of_axes("axes").unwrap_or([None, None]);
    let Pair(first, second) = arguments.pair("axes").unwrap_or(Pair::square(1));
    // A negative axis counts from the last one; the batch is an axis too.
    let axis = |place: usize, axis: Size| match (written[place], all.get(place)) {
        (Some(negative), Some(data)) if negative < 0 => {
            let rank = data.rank().unwrap_or(1) as i128;
            Size::known(usize::try_from(rank + 1 + negative).unwrap_or(0))
        }
        _ => axis,
    };
    let axes = Pair(axis(0, first), axis(1, second));
    let known: Option<Vec<Shape>> = all.iter().map(|data| data.known()).collect();
    let known = known.filter(|shapes| shapes.len() > 1).zip(axes.known());
    let judged = known
        .as_ref()
        .map(|(shapes, axes)| kerust_core::shape::dot(shapes, *axes));
    let shapes = all.iter().map(|data| data.shape());
    let pair = axes.tokens();
    let terms = quote!(&[#(#shapes),*], #pair);
    let after = match &judged {
        Some(Ok(shape)) => shape
            .dims()
            .iter()
            .map(|size| Some(Size::known(*size)))
            .collect(),
        _ => {
            let ranks = all.iter().map(|data| data.rank().unwrap_or(1));
            let rank = ranks.sum::<usize>().saturating_sub(2).clamp(1, 2);
            vec![None; rank]
        }
    };
    let Pair(first, second) = &axes;
    let sizes = match &known {
        Some((shapes, axes)) => {
            let [m, k, n] = kerust_core::shape::dot_sizes(shapes, *axes).map(Size::known);
            quote!([#m, #k, #n])
        }
        None => quote!(::kerust::__private::shape::dot_sizes(#terms)),
    };
    let macs = known
        .filter(|_| matches!(judged, Some(Ok(_))))
        .map(|(shapes, axes)| kerust_core::shape::dot_macs(&shapes, axes));
    let normalize = arguments.flag("normalize", false);
    let normalize = normalize.then(|| quote!(.normalize(true)));
    let [first, second] = [first, second].map(|axis| match axis.known {
        Some(axis) => {
            let is_first = axis == 1;
            quote!(#is_first)
        }
        None => quote!((#axis) == 1),
    });
    Spec {
        rule: Some(Rule {
            known: judged,
            tokens: quote!(::kerust::__private::shape::dot(#terms)),
        }),
        after: After::Sizes(after),
        macs: Macs::Stated(macs, quote!(::kerust::__private::shape::dot_macs(#terms))),
        config: quote!(::new(#sizes, [#first, #second]) #normalize),
        ..Spec::default()
    }
}
