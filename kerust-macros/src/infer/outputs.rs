//! Layers with several outputs, and the names that a `let` gives to them.

use super::{ChainEnd, Infer};
use crate::ast;
use crate::plan::{Edge, Node, Role, ValueType};
use crate::value::text;
use proc_macro2::Ident;

impl Infer<'_> {
    /// Adds the further outputs of the last node, each as a value of its own.
    pub(super) fn parts(&mut self, name: &Ident, outputs: &[ValueType]) -> Vec<Edge> {
        let node = self.nodes.len() - 1;
        let layer = self.nodes[node].layer;
        let outputs = outputs.iter().enumerate();
        outputs
            .map(|(number, data)| {
                let name = self.names.fresh(name, &format!("output_{}", number + 1));
                let role = Role::Part(node);
                self.node(Node::new(name, layer, Vec::new(), data.clone(), role))
            })
            .collect()
    }

    /// The further outputs at `place` that a `let` names.
    pub(super) fn others(&mut self, statement: &ast::Let, place: &ChainEnd) -> Vec<ChainEnd> {
        let (named, given) = (1 + statement.others.len(), 1 + place.others.len());
        if named == given || place.data.is_unknown() {
            let missing = std::iter::repeat_n(place.unknown(""), named - 1);
            return match named == given {
                true => place.others.clone(),
                false => missing.collect(),
            };
        }
        let declared = &place.declared;
        let gives = match given {
            1 => "one value".to_owned(),
            given => format!("{given} values"),
        };
        let names = match named {
            1 => "one name".to_owned(),
            named => format!("{named} names"),
        };
        let written: &[&str] = match (declared.starts_with("Bidirectional"), given) {
            (true, 5..) => &[
                "sequence",
                "forward_h",
                "forward_c",
                "backward_h",
                "backward_c",
            ],
            (true, _) => &["sequence", "forward_h", "backward_h"],
            (false, given) => &["sequence", "state", "carry", "value"][..given.min(4)],
        };
        let fault = self.diagnostics.fault(
            statement.others.last().unwrap_or(&statement.name),
            format!("`{declared}` gives {gives}, found {names}"),
        );
        match given {
            1 => fault.help(format!("write `let {} = ..;`", statement.name)),
            _ => fault
                .note("a value that is not needed is named `_`")
                .help(format!("name each: `let ({}) = ..;`", written.join(", "))),
        };
        std::iter::repeat_n(place.unknown(""), named - 1).collect()
    }

    /// Reports a chain that ends with several values.
    pub(super) fn one_output(&mut self, layer: &ast::Layer, place: &ChainEnd) {
        if place.others.is_empty() || place.data.is_unknown() {
            return;
        }
        let given = 1 + place.others.len();
        self.diagnostics
            .fault(
                layer.ident(),
                format!("`{}` gives {given} values, and a chain ends in one", place.declared),
            )
            .help("write a graph, which names them: `{ let x = Input(24, 2); let (y, state, ..) = x => ..; (y, state) }`");
    }

    /// Reports a layer after several values.
    pub(super) fn one_value(&mut self, layer: &ast::Layer, place: &ChainEnd) {
        if place.others.is_empty() || place.data.is_unknown() {
            return;
        }
        let (ident, declared) = (layer.ident(), &place.declared);
        let given = 1 + place.others.len();
        self.diagnostics
            .fault(
                ident,
                format!("`{ident}` takes one value, and `{declared}` gives {given}"),
            )
            .help(format!(
                "name them, and go on from one: `let (x, state, ..) = ..;` and `x => {}`",
                text(&layer.tokens)
            ));
    }
}
