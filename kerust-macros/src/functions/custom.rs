//! Custom activations and initializers, which are named by their paths: `own::Snake(2.0)`.

use crate::arguments::{bare, is_path};
use crate::ast::Value;
use crate::habits;
use crate::words::{ACTIVATIONS, INITIALIZERS, Vocabulary};
use proc_macro2::{TokenStream, TokenTree};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

/// What a custom activation or initializer expands to. `None` for the path of a word or of another library, such as
/// `nn::Relu`.
pub fn expansion(vocabulary: &Vocabulary, value: &Value) -> Option<TokenStream> {
    let is_activation = std::ptr::eq(vocabulary, &ACTIVATIONS);
    let takes_custom = is_activation || std::ptr::eq(vocabulary, &INITIALIZERS);
    if !takes_custom || !is_custom(vocabulary, value) {
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

/// Whether a value is a path that is neither a word in another notation nor from another library.
pub fn is_custom(vocabulary: &Vocabulary, value: &Value) -> bool {
    if !is_path(&value.tokens) {
        return false;
    }
    let first = value.tokens.clone().into_iter().next();
    let first = first.map(|tree| tree.to_string());
    if first.is_some_and(|first| first != "self" && habits::is_module(&first)) {
        return false;
    }
    let name = bare(value).unwrap_or_default();
    let plain = |word: &str| word.replace('_', "").to_lowercase();
    let is_word = |word: &str| plain(word) == plain(&name);
    !vocabulary.names().any(is_word) && !habits::is_word_of_keras(&name, vocabulary)
}

/// Whether a value is made by the name of a type, so that it is no size: `own::Snake(2.0)`, `own::Snake::new(2.0)` and
/// `own::Snake`, but not `Sizes::STRIDE` or `Sizes::stride()`.
pub fn names_a_type(value: &Value) -> bool {
    let names = value
        .tokens
        .clone()
        .into_iter()
        .filter_map(|tree| match tree {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        });
    let last = names
        .filter(|name| name != "new" && name != "default")
        .last();
    is_path(&value.tokens)
        && last.is_some_and(|name| {
            name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
        })
}
