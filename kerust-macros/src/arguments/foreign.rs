//! Arguments that a layer does not have.

use super::Arguments;
use crate::ast::Argument;
use crate::diagnostics::{Diagnostics, nearest};
use crate::habits;
use crate::value::short;
use proc_macro2::Ident;

impl Arguments<'_> {
    /// Reports an argument that the layer does not have, and returns the parameter that was meant.
    pub(super) fn foreign(
        &mut self,
        keyword: &Ident,
        argument: &Argument,
        diagnostics: &mut Diagnostics,
    ) -> Option<&'static str> {
        let kind = self.layer.ident();
        let found = keyword.to_string();
        let names = self.parameters.iter().map(|it| it.name).chain(["name"]);
        if habits::needless(&found).is_none() && habits::is_of_keras(&kind.to_string(), &found) {
            diagnostics
                .fault(
                    keyword,
                    format!("`{found}` of `{kind}` is Keras's, and kerust does not have it yet"),
                )
                .help(habits::instead(&kind.to_string(), &found));
            return None;
        }
        let parameters = self.parameters.iter().map(|it| it.name);
        let (meant, needless) = (
            habits::argument(&found, parameters),
            habits::needless(&found),
        );
        if let (Some(number), true) = (self.foreign, meant.is_some() || needless.is_some()) {
            // Arguments from the same library are one error.
            diagnostics.again(number).help(match meant {
                Some(name) => format!("`{found}` is called `{name}`"),
                None => format!("remove `{found}` too"),
            });
            return meant;
        }
        let number = diagnostics.len();
        let fault = diagnostics.fault(keyword, format!("`{kind}` has no argument `{found}`"));
        if meant.is_some() || needless.is_some() {
            self.foreign = Some(number);
        }
        if let Some(name) = meant {
            let value = short(&argument.value.tokens);
            fault.help(format!(
                "it is called `{name}`, as in Keras: write `{name} = {value}`"
            ));
            return Some(name);
        }
        if let Some(why) = needless {
            fault.help(why);
            return None;
        }
        let near = nearest(&found, names.clone());
        match near {
            Some(name) => fault.help(format!("did you mean `{name}`?")),
            None => fault.help(format!(
                "it takes {}",
                names
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        };
        near
    }
}
