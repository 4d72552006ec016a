//! How the layers of a model are connected, use by use.

use super::{LayerInfo, Source};

/// The graph of a model.
///
/// [`LayerInfo::sources`] says what a layer reads, over all its uses. This says more: what each use reads
/// and which use a reader means, what the outputs are, and what is inside the layers that are models.
/// Readers and writers of other tools' files need it, since there a layer's place follows from the graph.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    /// The layers, in the order of their declaration.
    pub layers: &'static [LayerInfo],
    /// Every use of a layer, behind those that it reads.
    pub calls: &'static [Call],
    /// The outputs, in order. [`Source::Layer`] is a number in `calls` here.
    pub outputs: &'static [Source],
    /// For each layer the graph inside it, where it is a model.
    pub inside: &'static [Option<&'static Graph>],
}

/// A use of a layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// The layer's number in [`Graph::layers`].
    pub layer: usize,
    /// What it reads, in order. [`Source::Layer`] is a number in [`Graph::calls`] here.
    pub inputs: &'static [Source],
}
