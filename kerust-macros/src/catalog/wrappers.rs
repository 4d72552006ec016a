//! Wrapper layers.

use super::convolutions::times;
use super::rows::optional;
use super::{After, Before, Rule, Spec, rule, setting};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::plan::ValueType;
use crate::value::{Size, Term};
use crate::words::MERGE_MODES;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// The parameters of `Bidirectional` after its layer.
pub const BIDIRECTIONAL: &[Parameter] = &[optional("merge_mode", Kind::Word(&MERGE_MODES))];
/// The parameters of `TimeDistributed` after its layer.
pub const TIME_DISTRIBUTED: &[Parameter] = &[];

/// The number of gates of a recurrent layer.
pub fn gates(layer: &str) -> Option<usize> {
    match layer {
        "SimpleRNN" => Some(1),
        "LSTM" => Some(4),
        "GRU" => Some(3),
        _ => None,
    }
}

/// The recurrent layer `inner`, with this name and number of gates, in both directions.
pub fn bidirectional(
    (name, gates): (&str, usize),
    arguments: [&Arguments<'_>; 2],
    before: &Before<'_>,
    inner: Spec,
) -> Spec {
    let [outer, given] = arguments;
    let (units, gates) = (given.count("units"), Size::known(gates));
    let sequences = given.flag("return_sequences", false);
    let joins = matches!(outer.word("merge_mode"), None | Some(("Concat", _)));
    let features = match joins {
        false => units.clone(),
        true => times(&units, &Size::known(2), before.nameable),
    };
    let after = match sequences {
        true => vec![Some(before.data.dim(0, before.nameable)), Some(features)],
        false => vec![Some(features)],
    };
    let layer = Ident::new(name, Span::call_site());
    let of = quote!(::kerust::__private::layers::#layer);
    let config = inner.config;
    let merge_mode = setting(outer, "merge_mode");
    let config = quote!(::new(#of #config) #merge_mode);
    // Both outputs are stored together with the values that both layers save.
    let outputs = match (sequences, before.data.known_shape(), units.known) {
        (false, _, units) => units,
        (true, Some(shape), Some(units)) if shape.rank() == 2 => shape.dim(0).checked_mul(units),
        _ => None,
    };
    let of_layer = of.clone();
    let states = inner.outputs.iter().chain(&inner.outputs).cloned();
    let states: Vec<ValueType> = states.collect();
    let values = values(before, states.len());
    let len = |inner: Option<TokenStream>, times: usize, of: &str| {
        let inner = inner.and_then(|len| len.to_string().parse::<usize>().ok());
        let of = Ident::new(of, Span::call_site());
        match inner.zip(outputs) {
            Some((inner, outputs)) => Size::known(2 * outputs + times * inner).tokens(),
            None => quote!((<::kerust::__private::layers::Bidirectional<#of_layer>> #config).#of()),
        }
    };
    let weights = inner.weights.map(|mut weights| {
        weights.params = weights.params.and_then(|params| params.checked_mul(2));
        weights
    });
    Spec {
        rule: rule!(bidirectional(before.data, units, gates, sequences, joins)),
        after: After::Sizes(after),
        masking: inner.masking,
        arguments: quote!(<#of #values>),
        states: before.others.len(),
        outputs: states,
        scratch: Some(len(inner.scratch, 1, "scratch_len")),
        saved: Some(len(inner.saved, 2, "saved_len")),
        config,
        weights,
        weights_in: Some("BidirectionalWeights"),
        macs: inner.macs,
        ..Spec::default()
    }
}

/// The element types of the inputs and outputs, with a comma before them, if there are more than a sequence.
fn values(before: &Before<'_>, outputs: usize) -> TokenStream {
    let mut inputs = vec![quote!(f32)];
    if !before.others.is_empty() {
        let states = Literal::usize_unsuffixed(before.others.len());
        inputs.push(quote!([f32; #states]));
    }
    inputs.extend(before.masked[0].then(|| quote!(u8)));
    let tuple = |types: Vec<TokenStream>| match types.as_slice() {
        [one] => one.clone(),
        types => quote!((#(#types),*)),
    };
    if inputs.len() + outputs == 1 {
        return TokenStream::new();
    }
    let (inputs, outputs) = (tuple(inputs), tuple(vec![quote!(f32); 1 + outputs]));
    quote!(, #inputs, #outputs)
}
