//! What follows a product's sums before they are written.

use crate::activation::Activation;
use core::ops::Range;

/// What becomes of a product's sums before they are written, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a> {
    /// A factor and a shift for each column: `sum · factor + shift`, rounded twice; nothing where they are
    /// empty.
    pub line: [&'a [f32]; 2],
    /// Whether what stands in the output is added.
    pub adds: bool,
    /// What comes last.
    pub activation: Activation,
}

impl<'a> Epilogue<'a> {
    /// Nothing but an activation.
    pub const fn new(activation: Activation) -> Self {
        Self {
            line: [&[]; 2],
            adds: false,
            activation,
        }
    }

    /// Nothing at all.
    pub const NONE: Self = Self::new(Activation::Linear);

    /// The epilogue of some columns.
    pub(super) fn columns(self, columns: Range<usize>) -> Self {
        let line = self.line;
        Self {
            line: line.map(|values| values.get(columns.clone()).unwrap_or_default()),
            ..self
        }
    }

    /// Whether a sum below zero ends as zero (NaN stays): the activation that a product does itself.
    pub(super) fn relu(&self) -> bool {
        self.activation == Activation::Relu
    }

    /// The activation that a product leaves to a pass of its own.
    pub(super) fn rest(&self) -> Activation {
        if self.relu() {
            Activation::Linear
        } else {
            self.activation
        }
    }

    /// Whether the epilogue of so many columns has what it needs.
    pub(super) fn fits(&self, columns: usize) -> bool {
        let [factor, shift] = self.line.map(<[f32]>::len);
        factor == shift && (factor == 0 || factor == columns)
    }
}
