//! The weights and multiply-adds of a layer.

use crate::catalog::{Macs, Weights};
use crate::plan::ValueType;
use crate::value::{Size, Sliding, Term};
use kerust_core::shape::{self, Shape};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The type of the weights.
pub fn weights(weights: &Weights) -> TokenStream {
    let name = Ident::new(weights.name, Span::call_site());
    let arrays = weights.arrays.iter().map(|sizes| {
        let mut array = quote!(f32);
        for size in sizes.iter().rev() {
            array = quote!([#array; #size]);
        }
        array
    });
    let arguments = arrays.chain(weights.sizes.iter().map(Size::argument));
    quote!(::kerust::__private::layers::#name<#(#arguments),*>)
}

/// The multiply-adds, as a number or as a call of the rule.
pub fn macs(macs: &Macs, input: &ValueType, output: &ValueType) -> TokenStream {
    let (from, to) = (input.shape(), output.shape());
    let (known, tokens) = match macs {
        Macs::None => return quote!(0),
        Macs::Dense => (
            dense(input, output),
            quote!(::kerust::__private::shape::dense_macs(#from, #to)),
        ),
        Macs::Conv2D(window, groups) => {
            let tokens = window.tokens();
            (
                conv2d(input, output, window, groups),
                quote!(::kerust::__private::shape::conv2d_macs(#from, #to, #tokens, #groups)),
            )
        }
        Macs::DepthwiseConv2D(window) => {
            let tokens = window.tokens();
            let known = output.known().zip(window.known());
            (
                known.map(|(output, window)| shape::depthwise_conv2d_macs(output, window)),
                quote!(::kerust::__private::shape::depthwise_conv2d_macs(#to, #tokens)),
            )
        }
        Macs::SeparableConv2D(window, multiplier) => {
            let tokens = window.tokens();
            let known = || {
                let (input, output) = images(input, output)?;
                let (multiplier, window) = (multiplier.known?, window.known()?);
                Some(shape::separable_conv2d_macs(
                    input, output, multiplier, window,
                ))
            };
            (
                known(),
                quote!(::kerust::__private::shape::separable_conv2d_macs(#from, #to, #multiplier, #tokens)),
            )
        }
        Macs::Conv2DTranspose(window) => {
            let tokens = window.tokens();
            let known = images(input, output).zip(window.known());
            (
                known.map(|((input, output), window)| {
                    shape::conv2d_transpose_macs(input, output, window)
                }),
                quote!(::kerust::__private::shape::conv2d_transpose_macs(#from, #to, #tokens)),
            )
        }
        Macs::Stated(known, tokens) => (*known, tokens.clone()),
        Macs::Recurrent(units, gates) => {
            let known = input.known().filter(|input| input.rank() == 2);
            let known = known.zip(units.known.zip(gates.known));
            (
                known.map(|(input, (units, gates))| shape::recurrent_macs(input, units, gates)),
                quote!(::kerust::__private::shape::recurrent_macs(#from, #units, #gates)),
            )
        }
    };
    known.map_or(tokens, |macs| Size::known(macs).tokens())
}

fn dense(input: &ValueType, output: &ValueType) -> Option<usize> {
    Some(shape::dense_macs(input.known()?, output.known()?))
}

fn conv2d(input: &ValueType, output: &ValueType, window: &Sliding, groups: &Size) -> Option<usize> {
    let (input, output, window) = (input.known()?, output.known()?, window.known()?);
    // After an error, there may be another rank or no groups.
    let groups = groups
        .known
        .filter(|groups| *groups > 0 && input.rank() == output.rank() && input.rank() > 1)?;
    Some(shape::conv2d_macs(input, output, window, groups))
}

/// Input and output as images or sequences. After an error, there may be another rank.
fn images(input: &ValueType, output: &ValueType) -> Option<(Shape, Shape)> {
    let [from, to] = [input.known()?.rank(), output.known()?.rank()];
    let both = from == to && from > 1;
    input.known().zip(output.known()).filter(|_| both)
}
