//! The connections of the layers, for each use.

use crate::plan::{Edge, Plan, Role};
use kerust_core::element::Dtype;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// `Model::GRAPH`.
pub fn graph(plan: &Plan) -> TokenStream {
    let (calls, call_of) = calls(plan);
    let calls = calls.iter().map(|(layer, inputs)| {
        let layer = Literal::usize_unsuffixed(*layer);
        let inputs = inputs.iter().map(|input| source(*input, &call_of));
        quote!(::kerust::__private::model::Call { layer: #layer, inputs: &[#(#inputs),*] })
    });
    let outputs = plan.heads.iter().map(|head| source(head.from, &call_of));
    let inside = plan.layers.iter().enumerate().map(|(number, layer)| {
        let mut nodes = plan.nodes.iter().filter(|node| node.layer == number);
        match &layer.weights {
            Some(weights) if nodes.any(|node| node.role == Role::Custom) => {
                quote!(<#weights as ::kerust::__private::layer::Component>::GRAPH)
            }
            _ => quote!(::core::option::Option::None),
        }
    });
    quote! {
        const GRAPH: ::core::option::Option<&'static ::kerust::__private::model::Graph> =
            ::core::option::Option::Some(&::kerust::__private::model::Graph {
                layers: Self::LAYERS,
                calls: &[#(#calls),*],
                outputs: &[#(#outputs),*],
                inside: &[#(#inside),*],
            });
    }
}

/// The uses of the layers, each with its inputs, and for each node the use that it belongs to. A layer can
/// consist of two nodes.
fn calls(plan: &Plan) -> (Vec<(usize, Vec<Edge>)>, Vec<usize>) {
    let mut calls: Vec<(usize, Vec<Edge>)> = Vec::new();
    let mut call_of = Vec::new();
    for node in &plan.nodes {
        if let Role::Part(of) = node.role {
            call_of.push(call_of[of]);
            continue;
        }
        // A mask that is merged for a layer is not a use of it.
        if node.output.known_dtype() == Some(Dtype::U8) {
            call_of.push(calls.len());
            continue;
        }
        let first = plan.nodes.iter().find(|other| other.layer == node.layer);
        let begins =
            first.is_some_and(|first| first.name == *node.of.as_ref().unwrap_or(&node.name));
        let goes_on = node.inputs.iter().find_map(|input| match input {
            Edge::Node(before) if plan.nodes[*before].layer == node.layer => Some(call_of[*before]),
            _ => None,
        });
        call_of.push(match goes_on {
            Some(call) if !begins => call,
            _ => {
                let inputs = node.inputs.iter().copied();
                let values = inputs.filter(|input| plan.dtype(*input) != Some(Dtype::U8));
                calls.push((node.layer, values.collect()));
                calls.len() - 1
            }
        });
    }
    (calls, call_of)
}

fn source(edge: Edge, call_of: &[usize]) -> TokenStream {
    match edge {
        Edge::Input(number) => {
            let number = Literal::usize_unsuffixed(number);
            quote!(::kerust::__private::model::Source::Input(#number))
        }
        Edge::Node(node) => {
            let number = Literal::usize_unsuffixed(call_of[node]);
            quote!(::kerust::__private::model::Source::Layer(#number))
        }
    }
}
