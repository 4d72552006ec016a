//! A model's layers as a picture: boxes from top to bottom, arrows between them, as SVG.

mod draw;
mod layout;

use crate::model::{LayerInfo, Model};
use crate::summary::grouped;

/// A box of the picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Node {
    /// The layer's name: `conv2d`.
    pub(crate) name: String,
    /// The layer as declared: `Conv2D(10, 3x3, same)`.
    pub(crate) declared: String,
    /// What comes out of it, and its numbers: `(28, 28, 10) · 100 parameters`.
    pub(crate) facts: String,
    pub(crate) style: Style,
    /// The places of the nodes that it takes its input from, all before its own.
    pub(crate) inputs: Vec<usize>,
}

/// What kind of box it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// What the model takes.
    Input,
    /// A layer with numbers.
    Weights,
    /// A layer without numbers.
    Plain,
    /// A layer that does something in training only.
    TrainingOnly,
}

/// The picture of `M` as SVG.
pub(crate) fn diagram<M: Model>() -> String {
    let params = M::LAYOUT.len();
    let macs: usize = M::LAYERS.iter().map(|layer| layer.macs).sum();
    let subtitle = format!("{} · {} multiply-adds", parameters(params), grouped(macs));
    draw::svg(M::NAME, &subtitle, &chain(M::LAYERS))
}

/// The nodes of a model in which each layer follows the one before.
fn chain(layers: &[LayerInfo]) -> Vec<Node> {
    let input = layers.first().map(|first| Node {
        name: "input".to_owned(),
        declared: "Input".to_owned(),
        facts: first.input.to_string(),
        style: Style::Input,
        inputs: Vec::new(),
    });
    let layers = layers.iter().enumerate();
    let layers = layers.map(|(place, layer)| node(layer, vec![place]));
    input.into_iter().chain(layers).collect()
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
    use crate::shape::Shape;

    #[test]
    fn a_chain_begins_with_its_input_and_tells_each_layers_facts() {
        const DENSE: LayerInfo = LayerInfo {
            name: "dense",
            kind: "Dense",
            declared: "Dense(5, relu)",
            input: Shape::new(&[400]),
            output: Shape::new(&[5]),
            params: 2005,
            macs: 2000,
            arena_bytes: 0,
            training_only: false,
        };
        const DROPOUT: LayerInfo = LayerInfo {
            name: "dropout",
            declared: "Dropout(0.2)",
            params: 0,
            training_only: true,
            ..DENSE
        };
        let nodes = chain(&[DENSE, DROPOUT]);
        let facts: Vec<_> = nodes.iter().map(|node| node.facts.as_str()).collect();
        assert_eq!(
            facts,
            ["(400)", "(5) · 2,005 parameters", "(5) · in training only"]
        );
        assert_eq!(nodes[2].inputs, [1]);
        assert_eq!(nodes[2].style, Style::TrainingOnly);
        assert!(chain(&[]).is_empty());
    }
}
