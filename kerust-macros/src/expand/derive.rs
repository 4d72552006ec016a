//! `#[derive(LayerData)]`.

use super::{error, layout};
use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields};

/// Expands the derive.
pub fn layer_data(tokens: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let input: DeriveInput = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(fault) => return fault.into_compile_error(),
    };
    let name = &input.ident;
    let fields = match &input.data {
        Data::Struct(data) => Some(&data.fields),
        _ => None,
    };
    let Some(Fields::Named(fields)) = fields else {
        diagnostics
            .fault(name, "`LayerData` is for structs with named fields")
            .note("the names are those of the numbers in a file")
            .help(format!("write `struct {name} {{ scale: [f32; N] }}`"));
        return error(diagnostics);
    };
    if !is_repr_c(&input) {
        diagnostics
            .fault(name, format!("`{name}` must be `#[repr(C)]` only"))
            .note("its numbers are read and written as one slice, in the order of the fields")
            .help(format!("write `#[repr(C)]` above `struct {name}`"));
    }
    for parameter in &input.generics.params {
        if let syn::GenericParam::Lifetime(lifetime) = parameter {
            diagnostics
                .fault(lifetime, "a layer's data borrows nothing, found a lifetime")
                .help("hold the numbers: `[f32; N]`");
        }
    }
    let mut parts = Vec::new();
    for field in &fields.named {
        let name = field.ident.as_ref().map(ToString::to_string);
        let name = name.as_deref().map(|name| name.trim_start_matches("r#"));
        let ty = &field.ty;
        let ident = &field.ident;
        let states = field.attrs.iter().filter(|it| it.path().is_ident("state"));
        let states: Vec<_> = states.collect();
        for state in &states {
            if let Err(fault) = state.meta.require_path_only() {
                diagnostics
                    .syntax(&fault, state.span())
                    .help("write `#[state]` alone");
            }
        }
        let trainable = states.is_empty();
        parts.push(quote! {
            ::kerust::__private::layer::Part {
                name: #name,
                offset: ::core::mem::offset_of!(Self, #ident),
                trainable: #trainable,
                layout: <#ty as ::kerust::__private::layer::LayerData>::LAYOUT,
            }
        });
    }
    let (generics, arguments, _) = input.generics.split_for_impl();
    let mut bounds = input.generics.where_clause.clone();
    let clause = bounds.get_or_insert_with(|| syn::WhereClause {
        where_token: Default::default(),
        predicates: Default::default(),
    });
    for parameter in input.generics.type_params() {
        let parameter = &parameter.ident;
        clause
            .predicates
            .push(syn::parse_quote!(#parameter: ::kerust::__private::layer::LayerData));
    }
    let layout = layout(&parts);
    let faults = error(diagnostics);
    quote! {
        #faults

        // SAFETY: `repr(C)`, and every field is `LayerData`, in the order of the layout and at its offset.
        #[automatically_derived]
        unsafe impl #generics ::kerust::__private::layer::LayerData for #name #arguments #bounds {
            #layout
        }
    }
}

/// Whether the representation is only `C` or `transparent`. `align(16)` would add padding, and the fields of
/// a packed struct could not be borrowed.
fn is_repr_c(input: &DeriveInput) -> bool {
    let attributes = input.attrs.iter();
    let mut found = false;
    let mut representations = attributes.filter(|attribute| attribute.path().is_ident("repr"));
    let is_alone = representations.all(|attribute| {
        let only = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("C") || meta.path.is_ident("transparent") {
                found = true;
                return Ok(());
            }
            Err(meta.error("another representation"))
        });
        only.is_ok()
    });
    found && is_alone
}
