//! The inputs and outputs of a twin.

use super::{Builder, QuantizedInput, QuantizedOutput};
use crate::plan::{Edge, Head, Input, Layer, Node, Role, ValueType};
use crate::words::ACTIVATIONS;
use kerust_core::element::Dtype;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

impl Builder<'_> {
    /// The inputs, each with its quantization.
    pub(super) fn quantized_inputs(&mut self, is_int8: bool) -> Vec<Input> {
        let several = self.plan.inputs.len() > 1;
        let mut inputs = Vec::new();
        for (number, input) in self.plan.inputs.iter().enumerate() {
            if input.data.dtype != Dtype::F32 {
                let message = format!(
                    "the input `{}` of an `#[int8]` model holds integers, expected `f32`",
                    input.name
                );
                self.diagnostics
                    .fault(self.model, message)
                    .help("remove `#[int8]`, or the `dtype` of the input");
                self.sound = false;
            }
            let name = self.fresh(match several {
                true => format!("quantize_{}", input.name),
                false => "quantize".to_owned(),
            });
            let rescaling = self.rescaling(number);
            let before = Edge::Input(number);
            let value = match is_int8 {
                true => quote!(::kerust::__private::layers::Quantize::new()),
                false => match &rescaling {
                    Some(node) => {
                        let (model, constant) = (self.model, node.constant());
                        quote!(::kerust::__private::layers::Quantize::rescaled(#model::#constant))
                    }
                    None => quote!(::kerust::__private::layers::Quantize::new()),
                },
            };
            let data = input.data.clone().of(Dtype::I8);
            self.inputs.push(QuantizedInput {
                name: name.clone(),
                rescaling: rescaling.map(Node::constant),
                len: data.len(),
            });
            let operation = (quote!(::kerust::__private::layers::Quantize), value);
            let end = End {
                name,
                kind: "Quantize",
                from: before,
                data: data.clone(),
                operation,
                computes: !is_int8,
            };
            self.end(end, number);
            inputs.push(Input {
                name: input.name.clone(),
                data: match is_int8 {
                    true => data,
                    false => input.data.clone(),
                },
            });
        }
        inputs
    }

    /// The `Rescaling` that alone reads an input.
    pub(super) fn rescaling(&self, input: usize) -> Option<&Node> {
        let edge = Edge::Input(input);
        let mut readers = self.plan.nodes.iter().filter(|node| node.inputs == [edge]);
        let reader = readers.next()?;
        let is_rescaling = self.plan.layers[reader.layer].kind == "Rescaling";
        (is_rescaling && self.plan.reads(edge) == 1).then_some(reader)
    }

    /// A layer of the twin's own at an input or an output, which shows the value of this number.
    fn end(&mut self, end: End, value: usize) -> Edge {
        let weights = quote!(::kerust::__private::layers::int8::QuantizationWeights);
        let node = Node {
            operation: match end.computes {
                true => end.operation,
                false => (quote!(()), quote!(())),
            },
            weights: Some(weights.clone()),
            ..Node::new(
                end.name.clone(),
                self.layers.len(),
                vec![end.from],
                end.data.clone(),
                match end.computes {
                    true => Role::Compute,
                    false => Role::Alias,
                },
            )
        };
        let layer = Layer {
            tokens: end.name.to_token_stream(),
            name: end.name,
            kind: end.kind.to_owned(),
            declared: end.kind.to_owned(),
            input: end.data.clone(),
            output: end.data,
            params: None,
            weights: Some(weights),
            macs: quote!(0),
            uses: 1,
            training_only: false,
            state: true,
            frozen: true,
            settings: Vec::new(),
            sources: vec![end.from],
            mask: None,
            node: self.nodes.len(),
        };
        self.layers.push((None, layer));
        self.push(node, value)
    }

    /// An output, after its activation, turned back to `f32` unless it is `int8`.
    pub(super) fn head(&mut self, head: &Head, is_int8: bool) -> Head {
        let mut from = self.of(head.from);
        let logits = self.value(from);
        let data = head.data.clone().of(Dtype::I8);
        let word = head.activation.to_string();
        if let Some(word) = ACTIVATIONS.words.iter().find(|entry| entry.1 == word)
            && word.1 != "Linear"
        {
            let Edge::Node(last) = from else {
                unreachable!("inputs are nodes of the twin")
            };
            if word.1 == "LogSoftmax" {
                let message = "`log_softmax` has no 8-bit arithmetic, found at the output of an `#[int8]` model";
                self.diagnostics
                    .fault(&head.activation, message)
                    .help("write `softmax`");
                self.sound = false;
            }
            let name = self.nodes[last].name.clone();
            from = self.activation(&name, (word.1, head.activation.span()), from, &data);
        }
        let name = self.fresh(match self.plan.heads.len() {
            1 => "dequantize".to_owned(),
            _ => format!("dequantize_{}", head.name),
        });
        let value = self.value(from);
        self.ends.push(QuantizedOutput {
            name: name.clone(),
            value,
            logits,
        });
        let path = quote!(::kerust::__private::layers::Dequantize);
        let from = self.end(
            End {
                name,
                kind: "Dequantize",
                from,
                data: match is_int8 {
                    true => data.clone(),
                    false => head.data.clone(),
                },
                operation: (path.clone(), quote!(#path::new())),
                computes: !is_int8,
            },
            value,
        );
        Head {
            name: head.name.clone(),
            from,
            activation: head.activation.clone(),
            data: match is_int8 {
                true => data,
                false => head.data.clone(),
            },
            mask: None,
        }
    }
}

/// A layer of the twin's own.
struct End {
    name: Ident,
    kind: &'static str,
    from: Edge,
    data: ValueType,
    operation: (TokenStream, TokenStream),
    /// Whether it computes; else it is a view, and only its numbers are kept.
    computes: bool,
}
