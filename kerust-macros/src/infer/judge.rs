//! Applies shape rules: here if all arguments are known, otherwise in a constant of the expansion.

use super::{ChainEnd, Infer};
use crate::arguments::Arguments;
use crate::ast;
use crate::catalog::{After, Rule};
use crate::plan::{Constant, Form, ValueType, constant};
use crate::value::{Size, Term};
use kerust_core::shape::Fault;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

impl Infer<'_> {
    /// The output shape of a layer.
    pub(super) fn after(
        &mut self,
        name: &Ident,
        after: &After,
        rule: Option<Rule>,
        arguments: &Arguments<'_>,
        place: &ChainEnd,
        declared: &str,
    ) -> ValueType {
        let before = &place.data;
        let mut constant = None;
        if let Some(rule) = rule {
            if let Some(Ok(shape)) = rule.known {
                return ValueType::known(shape);
            }
            match self.judge(name, rule, arguments, declared, &place.declared) {
                Ok(judged) => constant = judged,
                Err(Reported) => return expected(after, before),
            }
        }
        let sizes = match (after, &constant) {
            (After::Same, _) => {
                return ValueType {
                    constant: constant.or_else(|| before.constant.clone()),
                    ..ValueType::float(before.form.clone())
                };
            }
            (After::Sizes(_), None) => return expected(after, before),
            (After::Sizes(sizes), Some(shape)) => {
                let nameable = self.generics.is_empty();
                let sizes = sizes.iter().enumerate().map(|(axis, size)| {
                    let axis = Literal::usize_unsuffixed(axis);
                    let computed = || Size::expression(quote!(#shape.extent(#axis)), nameable);
                    size.clone().unwrap_or_else(computed)
                });
                sizes.collect()
            }
        };
        ValueType {
            constant,
            ..ValueType::float(Form::Sizes(sizes))
        }
    }

    /// Applies a rule. Returns the constant that does so if not all its arguments are known.
    pub(super) fn judge(
        &mut self,
        name: &Ident,
        rule: Rule,
        arguments: &Arguments<'_>,
        declared: &str,
        previous: &str,
    ) -> Result<Option<TokenStream>, Reported> {
        let at = |fault: &Fault| arguments.tokens(fault.argument());
        self.judge_at(name, rule, &at, declared, previous)
    }

    /// Applies a rule whose error is reported at `at`.
    pub(super) fn judge_at(
        &mut self,
        name: &Ident,
        rule: Rule,
        at: &dyn Fn(&Fault) -> TokenStream,
        declared: &str,
        previous: &str,
    ) -> Result<Option<TokenStream>, Reported> {
        match rule.known {
            Some(Ok(_)) => Ok(None),
            Some(Err(fault)) => {
                self.fault(&fault, at(&fault), declared, previous);
                Err(Reported)
            }
            None => {
                let call = rule.tokens;
                // The same hygiene where it is bound and where it is used, even if the layer's name comes
                // from a `macro_rules!`.
                let fault = Ident::new("fault", Span::mixed_site());
                let failed = quote_spanned!(name.span()=>
                    ::core::panic!("{}", #fault.text(#declared, #previous).as_str())
                );
                let value = quote!(match #call {
                    ::core::result::Result::Ok(shape) => shape,
                    ::core::result::Result::Err(#fault) => #failed,
                });
                Ok(Some(self.constant(constant(name, "_SHAPE"), value, true)))
            }
        }
    }

    /// Reports a softmax over one value.
    pub(super) fn softmax(
        &mut self,
        name: &Ident,
        data: &ValueType,
        span: Span,
        arguments: &Arguments<'_>,
        declared: &str,
    ) {
        if data.is_unknown() {
            return;
        }
        let shape = data.shape();
        let rule = Rule {
            known: data.known().map(kerust_core::shape::softmax),
            tokens: quote!(::kerust::__private::shape::softmax(#shape)),
        };
        if let Some(Err(fault)) = rule.known {
            self.fault(&fault, Ident::new("softmax", span), declared, "");
        } else if rule.known.is_none() {
            let name = format_ident!("{}_softmax", name, span = span);
            // It reports nothing here, since not all arguments are known.
            let _ = self.judge(&name, rule, arguments, declared, "");
        }
    }

    pub(super) fn fault(
        &mut self,
        fault: &Fault,
        tokens: impl ToTokens,
        declared: &str,
        previous: &str,
    ) {
        let message = fault.text(declared, previous);
        self.diagnostics.fault(tokens, message.as_str());
    }

    pub(super) fn constant(
        &mut self,
        name: Ident,
        value: TokenStream,
        judged: bool,
    ) -> TokenStream {
        let owner = &self.owner;
        let path = quote!(#owner::#name);
        self.constants.push(Constant {
            name,
            value,
            judged,
        });
        path
    }

    /// Reports a shape whose type stable Rust cannot express in a generic model.
    pub(super) fn nameable(&mut self, data: &ValueType, at: &ast::Layer) {
        if let Form::Sizes(sizes) = &data.form {
            for size in sizes {
                self.nameable_size(size, at);
            }
        }
    }

    pub(super) fn nameable_size(&mut self, size: &Size, layer: &ast::Layer) {
        // One error for each layer is enough.
        if size.nameable || self.unnameable.contains(&layer.tokens.to_string()) {
            return;
        }
        self.unnameable.push(layer.tokens.to_string());
        let names = self.generics.join("`, `");
        self.diagnostics
            .fault(
                layer,
                format!("a size of `{}` is computed from `{names}`", layer.ident()),
            )
            .note(
                "stable Rust allows a const parameter in a type only by itself, not in an expression",
            )
            .help("write the size as a number, or as a separate const parameter");
    }
}

/// The error has been reported.
pub(super) struct Reported;

/// The output of a layer after an error: its rank, and its own sizes if they do not depend on the input.
pub(super) fn expected(after: &After, before: &ValueType) -> ValueType {
    let After::Sizes(sizes) = after else {
        return before.in_part();
    };
    let sizes: Vec<Option<usize>> = sizes
        .iter()
        .map(|size| size.as_ref().and_then(|size| size.known))
        .collect();
    ValueType::known_in_part(sizes)
}
