//! Recurrent layers that carry their states from one call to the next.

use super::{ChainEnd, Infer};
use crate::arguments::Arguments;
use crate::ast;
use crate::catalog::{self, Row};
use crate::plan::{Activation, Edge, Form, Input, ValueType};
use quote::format_ident;

impl Infer<'_> {
    /// Whether a layer begins with states that are given, and is `stateful` too. If so, it is reported.
    pub(super) fn has_two_states(&mut self, layer: &ast::Layer, arguments: &Arguments<'_>) -> bool {
        if !arguments.has("stateful") || !arguments.flag("stateful", false) {
            return false;
        }
        let ident = layer.ident();
        self.diagnostics
            .fault(
                arguments.tokens("stateful"),
                format!("`{ident}` begins with a state of the model, found `stateful = true`"),
            )
            .help("leave out one of `initial_state` and `stateful`");
        true
    }

    /// Whether a layer is `stateful`. If that is not possible here, it is reported.
    pub(super) fn is_stateful(&mut self, arguments: &Arguments<'_>) -> bool {
        if !arguments.has("stateful") || !arguments.flag("stateful", false) {
            return false;
        }
        if !self.generics.is_empty() {
            self.diagnostics
                .fault(
                    arguments.tokens("stateful"),
                    "a model that is generic over its sizes carries no state, found `stateful = true`",
                )
                .help("name its sizes");
            return false;
        }
        self.stateful.push(self.layers.len());
        true
    }

    /// Reports a `stateful` layer inside of another one.
    pub(super) fn no_state_inside(&mut self, kind: &str, given: &Arguments<'_>) -> bool {
        if !given.has("stateful") || !given.flag("stateful", false) {
            return false;
        }
        self.diagnostics
            .fault(
                given.tokens("stateful"),
                format!("`{kind}` carries no state, found `stateful = true`"),
            )
            .help("write the layer by itself: `LSTM(16, stateful = true)`");
        true
    }

    /// Adds a `stateful` layer to the plan of a step.
    pub(super) fn step_of(
        &mut self,
        row: &Row,
        layer: &ast::Layer,
        arguments: &Arguments<'_>,
        place: &ChainEnd,
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        let states = match catalog::gates(row.name) {
            Some(4) => 2,
            _ => 1,
        };
        let data = ValueType::float(Form::Sizes(vec![arguments.count("units")]));
        let first = self.inputs.len();
        let before: Vec<ChainEnd> = (first..first + states)
            .map(|number| {
                self.inputs.push(Input {
                    name: format_ident!("state_{number}"),
                    data: data.clone(),
                });
                ChainEnd::new(Edge::Input(number), data.clone(), String::new())
            })
            .collect();
        let nodes = self.nodes.len();
        let (mut end, head) = self.catalogued_of(row, layer, arguments, (place, &before), last);
        for node in &mut self.nodes[nodes..] {
            node.steps = node.weights.is_some();
        }
        for (number, after) in end.others.iter().enumerate() {
            self.states.push((first + number, after.edge, data.clone()));
        }
        if !arguments.flag("return_state", false) {
            end.others.clear();
        }
        (end, head)
    }
}
