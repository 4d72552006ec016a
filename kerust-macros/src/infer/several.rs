//! Layers of the catalogue that are applied to several values by their names:
//! `MultiHeadAttention(query, value, num_heads = 4, key_dim = 8)`.

use super::{Infer, Place};
use crate::arguments::Arguments;
use crate::ast::{self, ValueKind};
use crate::catalog;
use crate::plan::Form;
use crate::value::{Term, text};
use kerust_core::shape::Fault;
use proc_macro2::Ident;

impl Infer<'_> {
    /// Applies the layer to the values that `find` finds by their names, which stand first.
    pub(super) fn of_several(
        &mut self,
        layer: &ast::Layer,
        find: &mut dyn FnMut(&mut Self, &Ident) -> Option<Place>,
    ) -> Place {
        let ident = layer.ident();
        let kind = ident.to_string();
        let is_name = |argument: &&ast::Argument| {
            argument.keyword.is_none() && matches!(argument.value.kind, ValueKind::Word(_))
        };
        let names: Vec<&Ident> = layer
            .arguments()
            .iter()
            .take_while(is_name)
            .filter_map(name)
            .collect();
        let unknown = Place::start().unknown(&text(&layer.tokens));
        let (Some(row), Some([least, most])) = (
            catalog::rows().find(|row| row.name == kind),
            catalog::values(&kind),
        ) else {
            return unknown;
        };
        let places: Vec<Place> = names.iter().filter_map(|name| find(self, name)).collect();
        if places.len() < names.len() {
            return unknown;
        }
        if names.len() < least || names.len() > most {
            let found = names.len();
            let place = names.get(most).map_or(ident, |name| *name);
            let plural = if found == 1 { "" } else { "s" };
            let counts = match least == most {
                true => least.to_string(),
                false => format!("{least} or {most}"),
            };
            let fault = self.report.fault(
                place,
                format!("`{kind}` is applied to {counts} values, found {found} name{plural}"),
            );
            if kind == "Dot" {
                fault.help("write `Dot(a, b, axes = 1)`");
            } else {
                fault.note("the values are the query, the value and the key");
                fault.help(match names.first() {
                    Some(name) if found == 1 && catalog::is_of_one(&kind) => {
                        format!("write `{name} => {kind}(..)` for self-attention")
                    }
                    _ => format!("write `{kind}(query, value, ..)`"),
                });
            }
            return unknown;
        }
        let is_other = |place: &Place| place.data.rank().is_some_and(|rank| rank != 2);
        let mut values = names.iter().zip(&places);
        if let Some((name, place)) = values.find(|(_, place)| kind != "Dot" && is_other(place)) {
            if let Some(found) = place.data.known() {
                let fault = Fault::Rank { found, expected: 2 };
                self.fault(&fault, name, &kind, &place.declared);
            }
            return unknown;
        }
        if kind == "Dot"
            && places
                .iter()
                .any(|place| matches!(place.data.form, Form::Typed(_)))
        {
            self.report
                .fault(
                    ident,
                    "`Dot` behind a layer that is no layer of the catalogue",
                )
                .note("its number of dimensions is known to rustc only")
                .help("put a layer of the catalogue behind it: `=> Reshape(24, 8)`");
            return unknown;
        }
        let arguments = Arguments::bind_behind(
            layer,
            names.len(),
            row.parameters,
            self.generics,
            self.report,
        );
        let (first, others) = match places.split_first() {
            Some(places) => places,
            None => return unknown,
        };
        let (place, _) = self.catalogued_of(row, layer, &arguments, (first, others), false);
        place
    }
}

fn name(argument: &ast::Argument) -> Option<&Ident> {
    match &argument.value.kind {
        ValueKind::Word(name) => Some(name),
        _ => None,
    }
}
