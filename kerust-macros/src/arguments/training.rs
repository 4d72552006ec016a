//! Arguments that affect training only: `trainable`, regularizers and constraints.

use super::{Arguments, Kind};
use crate::ast::{Argument, Value, ValueKind};
use crate::diagnostics::Diagnostics;
use crate::value::{Call, text};
use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

/// The argument with a penalty on the output.
pub const ACTIVITY: &str = "activity_regularizer";

/// A setting for an array of weights: the name of the array in the layer, and a `kerust::model::Term`.
pub type Setting = (String, TokenStream);

impl Arguments<'_> {
    /// `trainable = false`, which every layer accepts.
    pub(super) fn trainable(&mut self, argument: &Argument, diagnostics: &mut Diagnostics) {
        match &argument.value.kind {
            ValueKind::Flag(trainable) => self.trainable = *trainable,
            ValueKind::Faulty => {}
            _ => {
                let value = &argument.value.tokens;
                diagnostics
                    .fault(
                        value,
                        format!("`trainable` takes `true` or `false`, found `{}`", text(value)),
                    )
                    .help("write `trainable = false` where the layer's weights are to stay as they are");
            }
        }
    }

    /// The regularizer of the output, if it is given.
    pub fn activity_regularizer(&self) -> Option<TokenStream> {
        let mut given = self.parameters.iter().zip(&self.bound);
        let (parameter, values) = given.find(|(parameter, _)| parameter.name == ACTIVITY)?;
        regularizer(parameter.kind, values.first()?)
    }

    /// The regularizers and constraints of weights that are given.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (parameter, values) in self.parameters.iter().zip(&self.bound) {
            let Some(value) = values.first().filter(|_| parameter.name != ACTIVITY) else {
                continue;
            };
            let (Some(term), Some((array, _))) =
                (term(parameter.kind, value), parameter.name.rsplit_once('_'))
            else {
                continue;
            };
            if self.layer.ident() == "MultiHeadAttention" {
                let projections = ["query", "key", "value", "attention_output"];
                let of = |projection| (format!("{projection}.{array}"), term.clone());
                settings.extend(projections.map(of));
                continue;
            }
            // In some arguments, Keras calls the kernel of a depthwise layer `depthwise`.
            let array = match (self.layer.ident().to_string().as_str(), array) {
                ("SeparableConv1D" | "SeparableConv2D", "depthwise" | "pointwise") => {
                    format!("{array}_kernel")
                }
                (_, "recurrent") => "recurrent_kernel".to_owned(),
                (_, "depthwise") => "kernel".to_owned(),
                _ => array.to_owned(),
            };
            settings.push((array, term));
        }
        settings
    }
}

/// The expansion of a regularizer; `None` if the value is invalid or no regularizer.
fn regularizer(kind: Kind, value: &Value) -> Option<TokenStream> {
    if !matches!(kind, Kind::Regularizer) {
        return None;
    }
    let regularizer = quote!(::kerust::__private::regularizer::Regularizer);
    if is_path(&value.tokens) {
        let custom = &value.tokens;
        // A constant, so that a regularizer may also be made by a function.
        return Some(quote_spanned! {custom.span()=>
            #regularizer::Custom({
                const CUSTOM: &dyn ::kerust::__private::regularizer::Regularize = &#custom;
                CUSTOM
            })
        });
    }
    let call = Call::read(&value.tokens)?;
    match call.name.as_str() {
        "l2" => {
            let [l2] = call.bind(["l2"])?;
            let l2 = number(l2, 0.01)?;
            Some(quote!(#regularizer::l2(#l2)))
        }
        "l1" => {
            let [l1] = call.bind(["l1"])?;
            let l1 = number(l1, 0.01)?;
            Some(quote!(#regularizer::l1(#l1)))
        }
        "l1_l2" => {
            let [l1, l2] = call.bind(["l1", "l2"])?;
            let (l1, l2) = (number(l1, 0.0)?, number(l2, 0.0)?);
            Some(quote!(#regularizer::l1_l2(#l1, #l2)))
        }
        _ => None,
    }
}

/// Whether a value begins with a path of at least two names: `own::Orthogonal(0.1)`.
pub fn is_path(tokens: &TokenStream) -> bool {
    let mut trees = tokens.clone().into_iter();
    let is_colon =
        |tree: Option<TokenTree>| matches!(tree, Some(TokenTree::Punct(it)) if it.as_char() == ':');
    let is_name = matches!(trees.next(), Some(TokenTree::Ident(_)));
    is_name && is_colon(trees.next()) && is_colon(trees.next())
}

/// The expansion of a regularizer or a constraint; `None` if the value is invalid.
pub(super) fn term(kind: Kind, value: &Value) -> Option<TokenStream> {
    if let Some(regularizer) = regularizer(kind, value) {
        return Some(quote!(::kerust::__private::model::Term::Regularizer(#regularizer)));
    }
    if matches!(kind, Kind::Constraint) && is_path(&value.tokens) {
        let custom = &value.tokens;
        return Some(quote_spanned! {custom.span()=>
            ::kerust::__private::model::Term::Constraint(
                ::kerust::__private::constraint::Constraint::custom({
                    const CUSTOM: &dyn ::kerust::__private::constraint::Constrain = &#custom;
                    CUSTOM
                })
            )
        });
    }
    let call = Call::read(&value.tokens)?;
    let term = match (kind, call.name.as_str()) {
        (Kind::Constraint, "max_norm") => {
            let [max, axis] = call.bind(["max_value", "axis"])?;
            let (max, axis) = (number(max, 2.0)?, axes(axis)?);
            quote!(Constraint(::kerust::__private::constraint::Constraint::max_norm(#max) #axis))
        }
        (Kind::Constraint, "min_max_norm") => {
            let [min, max, rate, axis] = call.bind(["min_value", "max_value", "rate", "axis"])?;
            let (min, max, rate) = (number(min, 0.0)?, number(max, 1.0)?, number(rate, 1.0)?);
            let axis = axes(axis)?;
            quote!(Constraint(
                ::kerust::__private::constraint::Constraint::min_max_norm(#min, #max, #rate) #axis
            ))
        }
        (Kind::Constraint, "unit_norm") => {
            let [axis] = call.bind(["axis"])?;
            let axis = axes(axis)?;
            quote!(Constraint(::kerust::__private::constraint::Constraint::unit_norm() #axis))
        }
        (Kind::Constraint, "non_neg") => {
            let [] = call.bind([])?;
            quote!(Constraint(
                ::kerust::__private::constraint::Constraint::non_neg()
            ))
        }
        _ => return None,
    };
    Some(quote!(::kerust::__private::model::Term::#term))
}

/// A number of at least 0.
fn number(written: Option<&[TokenTree]>, default: f32) -> Option<Literal> {
    let number = match written {
        None => default,
        Some([TokenTree::Literal(literal)]) => literal.to_string().replace('_', "").parse().ok()?,
        Some(_) => return None,
    };
    (f32::is_finite(number) && number >= 0.0).then(|| Literal::f32_unsuffixed(number))
}

/// `axis = 0`, `axis = -1` or `axis = (0, 1, 2)` as a call of `axis`; empty if it is not given.
fn axes(written: Option<&[TokenTree]>) -> Option<TokenStream> {
    let Some(written) = written else {
        return Some(TokenStream::new());
    };
    let inside: Vec<TokenTree> = match written {
        [TokenTree::Group(group)] => group.stream().into_iter().collect(),
        value => value.to_vec(),
    };
    let parts = inside.split(|tree| matches!(tree, TokenTree::Punct(it) if it.as_char() == ','));
    let axes = parts.filter(|part| !part.is_empty()).map(|part| {
        let written: String = part.iter().map(ToString::to_string).collect();
        let axis: i8 = written.parse().ok()?;
        (-8..8).contains(&axis).then_some(axis)
    });
    let axes = axes.collect::<Option<Vec<_>>>()?;
    (!axes.is_empty()).then(|| quote!(.axis(&[#(#axes),*])))
}
