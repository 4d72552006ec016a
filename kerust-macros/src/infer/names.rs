//! The names of layers: as in Keras, unless the user gives one.

use crate::ast;
use crate::diagnostics::Diagnostics;
use proc_macro2::{Ident, Span};
use std::collections::HashMap;

/// The constants and functions of a model, with which its layers' constants must not collide.
const RESERVED: [&str; 13] = [
    "params",
    "weight_bytes",
    "macs",
    "arena_bytes",
    "arena_len",
    "ram_bytes",
    "layers",
    "heads",
    "name",
    "layout",
    "inference",
    "training",
    "training_len",
];

/// The names that are taken.
#[derive(Default)]
pub struct Names {
    /// The number of layers of each kind.
    counts: HashMap<String, usize>,
    /// All names, and whether the user gave them.
    taken: HashMap<String, bool>,
}

impl Names {
    /// Names a layer: `conv2d`, `dense_1`, or the given name.
    pub fn name(
        &mut self,
        layer: &ast::Layer,
        given: Option<&Ident>,
        diagnostics: &mut Diagnostics,
    ) -> Ident {
        let kind = snake_case(&layer.ident().to_string());
        let count = self.counts.entry(kind.clone()).or_default();
        let automatic = match *count {
            0 => kind,
            count => format!("{kind}_{count}"),
        };
        // Keras counts only the layers that it names itself.
        *count += usize::from(given.is_none());
        let name = given.map_or(automatic.clone(), Ident::to_string);
        if let Some(given) = given
            && RESERVED.contains(&name.as_str())
        {
            diagnostics
                .fault(given, format!("a layer cannot be named `{name}`"))
                .note(format!(
                    "`{}` is a constant of every model",
                    name.to_uppercase()
                ))
                .help(format!("write another name: `name = {automatic}_{name}`"));
        } else if let Some(first) = self.taken.get(&name) {
            let at = given.unwrap_or(layer.ident());
            let fault = diagnostics.fault(at, format!("two layers are named `{name}`"));
            if given.is_some() && !first {
                fault.note(format!(
                    "an earlier layer without an explicit name is `{name}`, as in Keras"
                ));
            }
            fault.help("give each its own name, with `name = ..`");
        }
        self.taken.insert(name.clone(), given.is_some());
        match given {
            Some(given) => given.clone(),
            None => {
                let span = Span::call_site().located_at(layer.ident().span());
                syn::parse_str::<Ident>(&name)
                    .map(|ident| Ident::new(&ident.to_string(), span))
                    .unwrap_or_else(|_| Ident::new(&format!("{name}_"), span))
            }
        }
    }
}

impl Names {
    /// An unused name for another buffer of `name`: `dense_again`. With only a number after the name, it
    /// could collide with a later layer.
    pub fn fresh(&mut self, name: &Ident, suffix: &str) -> Ident {
        let mut fresh = format!("{name}_{suffix}");
        let mut number = 1;
        while self.taken.contains_key(&fresh) {
            number += 1;
            fresh = format!("{name}_{suffix}_{number}");
        }
        self.taken.insert(fresh.clone(), false);
        Ident::new(&fresh, name.span())
    }
}

/// `max_pooling2d` for `MaxPooling2D`, in Keras's spelling.
fn snake_case(kind: &str) -> String {
    // A raw identifier is no part of a name.
    let kind = kind.strip_prefix("r#").unwrap_or(kind);
    let letters: Vec<char> = kind.chars().collect();
    let mut name = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let after_small = i > 0 && letters[i - 1].is_lowercase();
        let before_small = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        let after_letter = i > 0 && letters[i - 1].is_uppercase();
        if letter.is_uppercase() && (after_small || (after_letter && before_small)) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn kinds_are_spelled_as_keras_spells_them() {
        for (kind, name) in [
            ("Conv2D", "conv2d"),
            ("Dense", "dense"),
            ("r#Dense", "dense"),
            ("MaxPooling2D", "max_pooling2d"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("BatchNormalization", "batch_normalization"),
            ("ReLU", "re_lu"),
            ("LSTM", "lstm"),
            ("SimpleDense", "simple_dense"),
        ] {
            assert_eq!(snake_case(kind), name);
        }
    }
}
