//! The layers that have 8-bit arithmetic.

use crate::plan::{Activation, Node};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// What a layer is in 8 bits, as far as the twin's plan differs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sums of products.
    Linear,
    /// A factor and a shift for each channel.
    Line,
    /// The values of its input, moved or selected.
    Pool,
    Mean,
    Padding,
    Add,
    Concatenate,
    /// A function of each value.
    Table,
    Softmax,
}

/// The kind of a layer of this name.
pub fn kind(layer: &str) -> Option<Kind> {
    Some(match layer {
        "Dense" | "Conv2D" | "Conv1D" | "DepthwiseConv2D" => Kind::Linear,
        "BatchNormalization" => Kind::Line,
        "MaxPooling2D" | "MaxPooling1D" | "AveragePooling2D" | "AveragePooling1D"
        | "GlobalMaxPooling2D" | "GlobalMaxPooling1D" => Kind::Pool,
        "GlobalAveragePooling2D" | "GlobalAveragePooling1D" => Kind::Mean,
        "ZeroPadding2D" | "ZeroPadding1D" => Kind::Padding,
        "Add" => Kind::Add,
        "Concatenate" => Kind::Concatenate,
        "LeakyReLU" | "ReLU" | "ELU" | "Rescaling" => Kind::Table,
        _ => return None,
    })
}

impl Kind {
    /// How many inputs it takes, of which so many are given.
    pub fn inputs(self, given: usize) -> usize {
        match self {
            Self::Add | Self::Concatenate => given,
            _ => 1,
        }
    }

    /// The type of its numbers.
    pub fn weights(self, node: &Node) -> TokenStream {
        let name = match self {
            Self::Linear | Self::Line => {
                return in_8_bits(node.weights.clone().unwrap_or_default());
            }
            Self::Pool => "PoolingWeights",
            Self::Mean => "MeanWeights",
            Self::Padding => "PaddingWeights",
            Self::Add => "AddWeights",
            Self::Table => "TableWeights",
            Self::Softmax => "SoftmaxWeights",
            Self::Concatenate => {
                let count = proc_macro2::Literal::usize_unsuffixed(node.inputs.len());
                return quote!(::kerust::__private::layers::int8::ConcatenateWeights<#count>);
            }
        };
        let name = Ident::new(name, Span::call_site());
        quote!(::kerust::__private::layers::int8::#name)
    }
}

/// The type of `layers::int8` that has the name and the sizes of a type of `layers`.
fn in_8_bits(weights: TokenStream) -> TokenStream {
    let mut path = TokenStream::new();
    for token in weights {
        let is_module = token.to_string() == "layers" && !path.to_string().contains("int8");
        path.extend([token]);
        if is_module {
            path.extend(quote!(::int8));
        }
    }
    path
}

/// An activation as the range of an output, or as a node of its own.
pub fn split(activation: Option<Activation>) -> (&'static str, Option<Activation>) {
    match activation {
        Some(("Relu", _)) => ("Relu", None),
        Some(("Relu6", _)) => ("Relu6", None),
        rest => ("None", rest.filter(|(word, _)| *word != "Linear")),
    }
}
