//! Epilogues: operations on the sums of a product before they are written.

use crate::activation::Activation;
use core::ops::Range;

/// The operations on the sums of a product before they are written, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a> {
    /// A factor and a shift for each column: `sum · factor + shift`, rounded twice. Not applied if they are
    /// empty.
    pub line: [&'a [f32]; 2],
    /// Whether the old values of the output are added.
    pub adds: bool,
    /// The activation, which is applied last.
    pub activation: Activation,
}

impl<'a> Epilogue<'a> {
    /// Only an activation.
    pub const fn new(activation: Activation) -> Self {
        Self {
            line: [&[]; 2],
            adds: false,
            activation,
        }
    }

    /// No operation.
    pub const NONE: Self = Self::new(Activation::Linear);

    /// The epilogue of some columns.
    pub(super) fn columns(self, columns: Range<usize>) -> Self {
        let line = self.line;
        Self {
            line: line.map(|values| values.get(columns.clone()).unwrap_or_default()),
            ..self
        }
    }

    /// Whether negative sums are replaced by zero (NaN is kept). This is the only activation that is part of
    /// the product.
    pub(super) fn relu(&self) -> bool {
        self.activation == Activation::Relu
    }

    /// The activation that must be applied in a separate pass.
    pub(super) fn rest(&self) -> Activation {
        if self.relu() {
            Activation::Linear
        } else {
            self.activation
        }
    }

    /// Whether the slices have values for this number of columns.
    pub(super) fn fits(&self, columns: usize) -> bool {
        let [factor, shift] = self.line.map(<[f32]>::len);
        factor == shift && (factor == 0 || factor == columns)
    }
}
