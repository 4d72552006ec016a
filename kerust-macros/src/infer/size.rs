//! What a layer weighs and costs.

use crate::catalog::{Macs, Weights};
use crate::plan::Data;
use crate::value::{Size, Sliding, Term};
use kerust_core::shape;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The type of the weights.
pub fn weights(weights: &Weights) -> TokenStream {
    let name = Ident::new(weights.name, Span::call_site());
    let mut sizes: Vec<TokenStream> = weights.sizes.iter().map(Size::argument).collect();
    if !weights.use_bias {
        sizes.push(quote!(0));
    }
    quote!(::kerust::layers::#name<#(#sizes),*>)
}

/// The number of the weights, where it is known.
pub fn params(weights: &Weights) -> Option<usize> {
    let sizes: Option<Vec<usize>> = weights.sizes.iter().map(|size| size.known).collect();
    let sizes = sizes?;
    let bias = if weights.use_bias { *sizes.last()? } else { 0 };
    let mut sizes = sizes.into_iter();
    let kernel = sizes.try_fold(1usize, |product, size| product.checked_mul(size));
    kernel?.checked_add(bias)
}

/// The multiply-adds, as a number or as the rule that computes them.
pub fn macs(macs: &Macs, input: &Data, output: &Data) -> TokenStream {
    let (from, to) = (input.shape(), output.shape());
    let (known, tokens) = match macs {
        Macs::None => return quote!(0),
        Macs::Dense => (
            dense(input, output),
            quote!(::kerust::shape::dense_macs(#from, #to)),
        ),
        Macs::Conv2D(window, groups) => {
            let tokens = window.tokens();
            (
                conv2d(input, output, window, groups),
                quote!(::kerust::shape::conv2d_macs(#from, #to, #tokens, #groups)),
            )
        }
    };
    known.map_or(tokens, |macs| Size::known(macs).tokens())
}

fn dense(input: &Data, output: &Data) -> Option<usize> {
    Some(shape::dense_macs(input.known()?, output.known()?))
}

fn conv2d(input: &Data, output: &Data, window: &Sliding, groups: &Size) -> Option<usize> {
    let (input, output, window) = (input.known()?, output.known()?, window.known()?);
    // A fault may have left another rank or no groups here.
    let groups = groups
        .known
        .filter(|groups| *groups > 0 && input.rank() == 3)?;
    Some(shape::conv2d_macs(input, output, window, groups))
}
