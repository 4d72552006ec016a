//! What arguments say about training alone: `trainable`, regularizers and constraints.

use super::{Arguments, Kind};
use crate::ast::{Argument, Value, ValueKind};
use crate::report::Report;
use crate::value::text;
use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::quote;

/// A setting of an array of weights: its name in the layer, and a `kerust::model::Term`.
pub type Setting = (String, TokenStream);

impl Arguments<'_> {
    /// `trainable = false`, which every layer takes.
    pub(super) fn trainable(&mut self, argument: &Argument, report: &mut Report) {
        match &argument.value.kind {
            ValueKind::Flag(trainable) => self.trainable = *trainable,
            ValueKind::Faulty => {}
            _ => {
                let value = &argument.value.tokens;
                report
                    .fault(
                        value,
                        format!("`trainable` takes `true` or `false`, found `{}`", text(value)),
                    )
                    .help("write `trainable = false` where the layer's weights are to stay as they are");
            }
        }
    }

    /// The regularizers and constraints that are given.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (parameter, values) in self.parameters.iter().zip(&self.bound) {
            let Some(value) = values.first() else {
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
            // Keras names the kernel of a depthwise layer `depthwise` in some arguments.
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

/// What a regularizer or a constraint expands to; `None` where the value is none.
pub(super) fn term(kind: Kind, value: &Value) -> Option<TokenStream> {
    let (name, numbers) = call(&value.tokens)?;
    let number = |place: usize, default: f32| {
        let number = numbers.get(place).copied().unwrap_or(default);
        Literal::f32_unsuffixed(number)
    };
    let at_most = |count: usize| (numbers.len() <= count).then_some(());
    let term = match (kind, name.as_str()) {
        (Kind::Regularizer, "l2") => {
            at_most(1)?;
            let l2 = number(0, 0.01);
            quote!(Regularizer(::kerust::regularizer::Regularizer::l2(#l2)))
        }
        (Kind::Regularizer, "l1") => {
            at_most(1)?;
            let l1 = number(0, 0.01);
            quote!(Regularizer(::kerust::regularizer::Regularizer::l1(#l1)))
        }
        (Kind::Regularizer, "l1_l2") => {
            at_most(2)?;
            let (l1, l2) = (number(0, 0.0), number(1, 0.0));
            quote!(Regularizer(::kerust::regularizer::Regularizer::l1_l2(#l1, #l2)))
        }
        (Kind::Constraint, "max_norm") => {
            at_most(1)?;
            let limit = number(0, 2.0);
            quote!(Constraint(::kerust::constraint::Constraint::MaxNorm(#limit)))
        }
        _ => return None,
    };
    Some(quote!(::kerust::model::Term::#term))
}

/// `l1_l2(0.01, l2 = 0.02)`: a name, and numbers of at least 0.
fn call(tokens: &TokenStream) -> Option<(String, Vec<f32>)> {
    let mut trees = tokens.clone().into_iter();
    let Some(TokenTree::Ident(name)) = trees.next() else {
        return None;
    };
    let numbers = match trees.next() {
        None => Vec::new(),
        Some(TokenTree::Group(group)) if trees.next().is_none() => {
            let written = group.stream().to_string();
            let written = written.trim_end_matches([',', ' ']);
            let parts = written.split(',').filter(|part| !part.trim().is_empty());
            let numbers = parts.map(|part| {
                let number = part.rsplit('=').next().unwrap_or(part);
                let number: f32 = number.trim().replace('_', "").parse().ok()?;
                (number.is_finite() && number >= 0.0).then_some(number)
            });
            numbers.collect::<Option<_>>()?
        }
        _ => return None,
    };
    Some((name.to_string(), numbers))
}
