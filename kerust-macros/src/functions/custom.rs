//! Custom activations and initializers, named by their paths: `own::Snake(2.0)`.

use crate::arguments::{bare, is_path};
use crate::ast::Value;
use crate::habits;
use crate::words::{ACTIVATIONS, INITIALIZERS, Vocabulary};
use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;

/// What a custom activation or initializer expands to, which is named by its path: `own::Snake(2.0)`. `None` for the path
/// of a word or of another library, such as `nn::Relu`.
pub(super) fn read(vocabulary: &Vocabulary, value: &Value) -> Option<TokenStream> {
    let is_activation = std::ptr::eq(vocabulary, &ACTIVATIONS);
    if !is_path(&value.tokens) || !(is_activation || std::ptr::eq(vocabulary, &INITIALIZERS)) {
        return None;
    }
    let first = value
        .tokens
        .clone()
        .into_iter()
        .next()
        .map(|tree| tree.to_string());
    if first.is_some_and(|first| first != "self" && habits::is_module(&first)) {
        return None;
    }
    let name = bare(value).unwrap_or_default();
    let plain = |word: &str| word.replace('_', "").to_lowercase();
    let is_word = |word: &str| plain(word) == plain(&name);
    if vocabulary.names().any(is_word) || habits::is_word_of_keras(&name, vocabulary) {
        return None;
    }
    let custom = &value.tokens;
    // A constant, so that it may also be made by a function.
    Some(if is_activation {
        quote_spanned! {custom.span()=>
            ::kerust::__private::layers::CustomActivation::new({
                const CUSTOM: &dyn ::kerust::__private::activation::PointwiseActivation = &#custom;
                CUSTOM
            })
        }
    } else {
        quote_spanned! {custom.span()=>
            ::kerust::__private::init::Initializer::Custom(::kerust::__private::init::Custom({
                const CUSTOM: &dyn ::kerust::__private::init::Initialize = &#custom;
                CUSTOM
            }))
        }
    })
}
