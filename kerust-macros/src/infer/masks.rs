//! Masks, which say which steps of a sequence count. A mask is a value of the graph that belongs to another
//! value.

use super::{ChainEnd, Infer, Mask};
use crate::ast;
use crate::catalog::Masking;
use crate::plan::{Edge, Form, Node, Role, ValueType, constant};
use crate::value::text;
use kerust_core::element::Dtype;
use proc_macro2::{Ident, Literal};
use quote::quote;

impl Infer<'_> {
    /// Whether a layer accepts the element type at `place`. If not, it is reported.
    pub(super) fn takes(&mut self, layer: &ast::Layer, takes: Dtype, place: &ChainEnd) -> bool {
        let Some(found) = place
            .data
            .known_dtype()
            .filter(|_| !place.data.is_unknown())
        else {
            return true;
        };
        if found == takes {
            return true;
        }
        let (ident, declared) = (layer.ident(), &place.declared);
        let [takes_what, found_what] = [takes, found].map(numbers);
        let fault = self.diagnostics.fault(
            ident,
            format!("`{ident}` takes {takes_what}, found {found_what}"),
        );
        let fault = fault.note(format!("{found_what} are the output of `{declared}`"));
        match (takes, found) {
            (_, Dtype::U16) => fault.help(format!(
                "turn each token into a vector first: `=> Embedding(1000, 32) => {}`",
                text(&layer.tokens)
            )),
            (Dtype::U16, _) => {
                fault.help("declare tokens as the input: `Input(16, dtype = token)`")
            }
            _ => fault.help("take the numbers as `f32`: leave `dtype` out"),
        };
        false
    }

    /// The masks that a layer reads, and their form in its call.
    pub(super) fn masks(
        &mut self,
        layer: &ast::Layer,
        name: &Ident,
        masking: Masking,
        place: &ChainEnd,
        others: &[ChainEnd],
    ) -> (Vec<Edge>, Vec<usize>) {
        let masked = [place]
            .into_iter()
            .chain(others)
            .filter(|it| it.mask.is_some());
        if masked.count() == 0 {
            return (Vec::new(), Vec::new());
        }
        match (masking, others) {
            (Masking::Refuses, _) => {
                self.refuses(layer, place, others);
                (Vec::new(), Vec::new())
            }
            (Masking::Keeps | Masking::Makes, _) => (Vec::new(), Vec::new()),
            (Masking::Uses | Masking::UsesAndKeeps, []) => {
                let edges: Vec<Edge> = place.mask.iter().map(|mask| mask.edge).collect();
                (edges, vec![1])
            }
            // The masks of the queries, and of the values and the keys.
            (Masking::Uses | Masking::UsesAndKeeps, others) => {
                let query = place.mask.iter().map(|mask| mask.edge);
                let keys = others.iter().filter_map(|it| it.mask.clone()).collect();
                let keys: Option<Mask> = self.joined_mask(name, "MaskAll", keys);
                let groups = vec![query.len(), usize::from(keys.is_some())];
                (query.chain(keys.map(|mask| mask.edge)).collect(), groups)
            }
        }
    }

    /// Reports that a layer would lose a mask.
    pub(super) fn refuses(&mut self, layer: &ast::Layer, place: &ChainEnd, others: &[ChainEnd]) {
        let mut places = [place].into_iter().chain(others);
        let Some(mask) = places.find_map(|place| place.mask.as_ref()) else {
            return;
        };
        let ident = layer.ident();
        let fault = self.diagnostics.fault(
            ident,
            format!("`{ident}` would lose the mask of `{}`", mask.by),
        );
        fault
            .note("a mask says which steps are padding, and this layer cannot leave them out; Keras drops it with a warning")
            .help(format!(
                "put a layer before it that uses the mask, such as `GlobalAveragePooling1D` or `LSTM(16)`, or make none in `{}`",
                mask.by
            ));
    }

    /// Reports an output with a mask whose steps have no single label: the mask would not fit its loss.
    pub(super) fn masked_output(&mut self, at: &Ident, place: &ChainEnd) {
        let Some(mask) = &place.mask else {
            return;
        };
        if !self.diagnostics.is_empty() || place.data.rank() == Some(2) {
            return;
        }
        if let Form::Typed(_) = place.data.form {
            let shape = place.data.shape();
            let message = format!(
                "the output has the mask of `{}`, and is not of (steps, features)",
                mask.by
            );
            let value = quote!({
                ::core::assert!(#shape.rank() == 2, #message);
                #shape
            });
            let name = self.names.fresh(at, "masked");
            self.constant(constant(&name, "_OUTPUT"), value, true);
            return;
        }
        self.diagnostics
            .fault(
                at,
                format!("the output {} has the mask of `{}`", place.data, mask.by),
            )
            .note("a loss leaves out masked steps of an output of (steps, features)")
            .help(
                "end in a layer that uses the mask, such as `GlobalAveragePooling1D` or `LSTM(16)`",
            );
    }

    /// The combined mask of merged values; `operation` combines them. `None` without masks.
    pub(super) fn joined_mask(
        &mut self,
        name: &Ident,
        operation: &str,
        masks: Vec<Mask>,
    ) -> Option<Mask> {
        let first = masks.first()?.clone();
        if masks.iter().all(|mask| mask.edge == first.edge) {
            return Some(first);
        }
        let path = Ident::new(operation, name.span());
        let path = quote!(::kerust::__private::layers::#path);
        let count = Literal::usize_unsuffixed(masks.len());
        let edges = masks.iter().map(|mask| mask.edge).collect();
        let (fresh, layer) = (self.names.fresh(name, "mask"), self.layers.len());
        let edge = self.node(Node {
            operation: (quote!(#path<#count>), quote!(#path)),
            ..Node::new(fresh, layer, edges, first.data.clone(), Role::Merge)
        });
        Some(Mask { edge, ..first })
    }

    /// The mask of a merge's output. As in Keras, a step counts if it counts in any of the values; values that are
    /// joined along their steps have their masks joined.
    pub(super) fn merged_mask(
        &mut self,
        layer: &ast::Layer,
        name: &Ident,
        along_steps: bool,
        places: &[ChainEnd],
        data: &ValueType,
    ) -> Option<Mask> {
        let masks: Vec<Mask> = places
            .iter()
            .filter_map(|place| place.mask.clone())
            .collect();
        let masked = masks.first()?;
        let kind = layer.ident().to_string();
        if masks.len() < places.len() {
            let by = masked.by.clone();
            let fault = self.diagnostics.fault(
                layer.ident(),
                format!("`{kind}` would lose the mask of `{by}`"),
            );
            fault
                .note("the other value has no mask, so no step of the output would be known as padding")
                .help("give both values the same mask, or use it before: `=> GlobalAveragePooling1D`");
            return None;
        }
        if along_steps {
            return Some(self.mask_along_steps(name, masks, data));
        }
        self.joined_mask(name, "MaskAny", masks)
    }
}

impl Infer<'_> {
    /// The mask of sequences that are joined along their steps.
    fn mask_along_steps(&mut self, name: &Ident, masks: Vec<Mask>, data: &ValueType) -> Mask {
        let path = Ident::new("MaskConcatenate", name.span());
        let path = quote!(::kerust::__private::layers::#path);
        let count = Literal::usize_unsuffixed(masks.len());
        let steps = masks.iter().map(|mask| mask.data.len());
        let operation = (quote!(#path<#count>), quote!(#path::new([#(#steps),*])));
        let edges = masks.iter().map(|mask| mask.edge).collect();
        let steps = data.dim(0, self.generics.is_empty());
        let data = ValueType::float(Form::Sizes(vec![steps])).of(Dtype::U8);
        let (fresh, layer) = (self.names.fresh(name, "mask"), self.layers.len());
        let edge = self.node(Node {
            operation,
            ..Node::new(fresh, layer, edges, data.clone(), Role::Merge)
        });
        Mask {
            edge,
            data,
            by: masks[0].by.clone(),
        }
    }
}

/// A description of values with this type.
fn numbers(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F32 => "numbers",
        Dtype::U16 => "tokens",
        Dtype::U8 => "a mask",
        _ => "integers",
    }
}
