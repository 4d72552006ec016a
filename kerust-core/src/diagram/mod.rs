//! Diagrams of models as SVG: boxes from top to bottom, with arrows between them.

mod draw;
mod layout;

#[cfg(feature = "plots")]
pub(crate) use draw::escaped;

use crate::model::{LayerInfo, Model, Source};
use crate::shape::Shape;
use crate::summary::grouped;

/// A box of the picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Node {
    /// The layer's name: `conv2d`.
    pub(crate) name: String,
    /// The layer as declared: `Conv2D(10, 3x3, same)`.
    pub(crate) declared: String,
    /// Its output shape and parameters: `(28, 28, 10) · 100 parameters`.
    pub(crate) facts: String,
    pub(crate) style: Style,
    /// The indices of its input nodes, which are all before it.
    pub(crate) inputs: Vec<usize>,
}

/// The style of a box.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// An input of the model.
    Input,
    /// A layer with weights.
    Weights,
    /// A layer without weights.
    Plain,
    /// A layer that is active in training only.
    TrainingOnly,
}

/// The diagram of `M` as SVG.
pub(crate) fn diagram<M: Model>() -> String {
    let params = M::LAYOUT.len();
    let macs = crate::model::macs(M::LAYERS);
    let subtitle = format!("{} · {} multiply-adds", parameters(params), grouped(macs));
    draw::svg(M::NAME, &subtitle, &nodes(M::INPUTS, M::LAYERS))
}

/// The inputs of a model, then its layers.
fn nodes(inputs: &[(&str, Shape)], layers: &[LayerInfo]) -> Vec<Node> {
    let input = |(name, shape): &(&str, Shape)| Node {
        name: (*name).to_owned(),
        declared: "Input".to_owned(),
        facts: shape.to_string(),
        style: Style::Input,
        inputs: Vec::new(),
    };
    let place = |source: &Source| match source {
        Source::Input(number) => *number,
        Source::Layer(number) => inputs.len() + number,
    };
    let layer = |layer: &LayerInfo| node(layer, layer.sources.iter().map(place).collect());
    inputs
        .iter()
        .map(input)
        .chain(layers.iter().map(layer))
        .collect()
}

fn node(layer: &LayerInfo, inputs: Vec<usize>) -> Node {
    let shape = layer.output.to_string();
    let (facts, style) = match layer.params {
        _ if layer.training_only => (format!("{shape} · in training only"), Style::TrainingOnly),
        0 => (shape, Style::Plain),
        params => (format!("{shape} · {}", parameters(params)), Style::Weights),
    };
    Node {
        name: layer.name.to_owned(),
        declared: layer.declared.to_owned(),
        facts,
        style,
        inputs,
    }
}

fn parameters(count: usize) -> String {
    match count {
        1 => "1 parameter".to_owned(),
        count => format!("{} parameters", grouped(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_tell_each_layers_facts_and_arrows_come_from_its_sources() {
        const DENSE: LayerInfo = LayerInfo {
            name: "dense",
            kind: "Dense",
            declared: "Dense(5, relu)",
            input: Shape::new(&[400]),
            output: Shape::new(&[5]),
            sources: &[Source::Input(1)],
            params: 2005,
            weight_bytes: 8020,
            macs: Some(2000),
            arena_bytes: 0,
            training_only: false,
        };
        const DROPOUT: LayerInfo = LayerInfo {
            name: "dropout",
            declared: "Dropout(0.2)",
            sources: &[Source::Layer(0), Source::Input(0)],
            params: 0,
            weight_bytes: 0,
            training_only: true,
            ..DENSE
        };
        let shape = Shape::new(&[400]);
        let nodes = nodes(&[("left", shape), ("right", shape)], &[DENSE, DROPOUT]);
        let facts: Vec<_> = nodes.iter().map(|node| node.facts.as_str()).collect();
        assert_eq!(
            facts,
            [
                "(400)",
                "(400)",
                "(5) · 2,005 parameters",
                "(5) · in training only"
            ]
        );
        assert_eq!(nodes[2].inputs, [1]);
        assert_eq!(nodes[3].inputs, [2, 0]);
        assert_eq!(nodes[3].style, Style::TrainingOnly);
    }
}
