//! Layers that are not in the catalogue: names of Keras and other libraries, misspelled names, and custom
//! layers.

use super::{ChainEnd, Infer};
use crate::ast;
use crate::diagnostics::nearest;
use crate::habits::{self, Named};
use crate::value::short;
use proc_macro2::Ident;
use quote::quote;

/// Whether the name is reported: it comes from another library, or is similar to one in the catalogue.
pub(super) fn is_another(ident: &Ident) -> bool {
    let found = ident.to_string();
    !habits::is_layer(&found)
        && (habits::layer(&found).is_some()
            || habits::activation_layer(&found).is_some()
            || nearest(&found, habits::layers()).is_some())
}

impl Infer<'_> {
    /// Handles a layer name that is not in the catalogue.
    pub(super) fn not_catalogued(
        &mut self,
        layer: &ast::Layer,
        ident: &Ident,
        place: &ChainEnd,
    ) -> ChainEnd {
        let found = ident.to_string();
        let named = habits::layer(&found);
        let activation = match &named {
            // `PReLU` is a separate layer, and `Sigmoid` is not.
            Some(_) => None,
            None => habits::activation_layer(&found),
        };
        match (named, activation) {
            (Some(Named::Means(means)), _) => {
                self.diagnostics
                    .fault(ident, format!("unknown layer `{found}`"))
                    .help(format!("write `{means}`, as in Keras"));
            }
            (Some(Named::Keras(name)), _) => {
                let fault = self.diagnostics.fault(
                    ident,
                    format!("`{found}` is a layer of Keras that kerust does not have yet"),
                );
                if name != found {
                    fault.note(format!("its name is `{name}`"));
                }
                fault.help(format!(
                    "write a custom layer with this name as a path: `self::{found}`"
                ));
            }
            (None, Some(word)) => {
                self.diagnostics
                    .fault(ident, format!("unknown layer `{found}`"))
                    .help(format!(
                        "an activation is a word: write `Activation({word})`"
                    ));
            }
            (None, None) => match nearest(&found, habits::layers()) {
                Some(near) => {
                    self.diagnostics
                        .fault(ident, format!("unknown layer `{found}`"))
                        .help(format!("did you mean `{near}`?"));
                }
                None if found.starts_with(char::is_lowercase) => self.no_such_layer(ident),
                None => return self.custom(layer, &quote!(#ident), place),
            },
        }
        place.unknown(&short(&layer.tokens))
    }
}
