//! Activations that are merged into the layer before them.
//!
//! `Conv2D(8, 3x3) => ReLU` is computed as `Conv2D(8, 3x3, relu)`, and `BatchNormalization => ReLU` and
//! `Add(a, b) => ReLU` are one computation too: the activation needs no pass over memory of its own.

use crate::plan::{Activation, Edge, Plan, Role};
use crate::words::{self, ACTIVATIONS};
use proc_macro2::TokenStream;
use quote::quote;

/// Whether an activation can be merged into another layer: it must be elementwise, and its gradient must
/// follow from its output.
pub(super) fn is_fused((word, _): &Activation) -> bool {
    words::activation(word).from_output()
}

/// The setting of a layer for its activation.
pub(super) fn setting((word, span): Activation) -> TokenStream {
    let word = ACTIVATIONS.tokens(word, span);
    quote!(.activation(#word))
}

/// Merges each activation into the node before it, if that supports it and nothing else reads its output.
pub(super) fn fuse_activations(plan: &mut Plan) {
    for number in 0..plan.nodes.len() {
        let node = &plan.nodes[number];
        let (Some(activation), &[Edge::Node(before)]) = (node.is_activation, &*node.inputs) else {
            continue;
        };
        if !is_fused(&activation) || !plan.nodes[before].takes_activation {
            continue;
        }
        let field = plan.nodes[before].field();
        let once = plan.nodes.iter().filter(|node| node.field() == field);
        if once.count() > 1 || plan.reads(Edge::Node(before)) > 1 {
            continue;
        }
        let before = &mut plan.nodes[before];
        before.operation.1.extend(setting(activation));
        before.fused = Some(activation);
        before.takes_activation = false;
        before.forgets_output = false;
        let node = &mut plan.nodes[number];
        node.role = Role::Alias;
        node.operation = (quote!(()), quote!(()));
        node.is_activation = None;
        node.in_place = false;
        node.from_output = false;
    }
}
