//! The connections between the layers of a model, for each use of a layer.

use super::{LayerInfo, Source};

/// The graph of a model.
///
/// [`LayerInfo::sources`] lists the inputs of a layer over all its uses. The graph says more: the inputs of
/// each use, the use that each input comes from, the outputs, and the graphs of nested models. Code that
/// reads and writes files of other tools needs it, because their names of layers follow from the graph.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    /// The layers, in the order of their declaration.
    pub layers: &'static [LayerInfo],
    /// Every use of a layer, after the uses that it reads.
    pub calls: &'static [Call],
    /// The outputs, in order. [`Source::Layer`] is an index in `calls` here.
    pub outputs: &'static [Source],
    /// For each layer, its graph if it is a model.
    pub inside: &'static [Option<&'static Graph>],
}

/// A use of a layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// The index of the layer in [`Graph::layers`].
    pub layer: usize,
    /// Its inputs, in order. [`Source::Layer`] is an index in [`Graph::calls`] here.
    pub inputs: &'static [Source],
}
