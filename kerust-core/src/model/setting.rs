//! What a declaration says about training.

use crate::constraint::Constraint;
use crate::regularizer::Regularizer;

/// A setting of training, on the weights of a path: `conv2d`, or `conv2d.kernel`.
///
/// Settings change training only: neither inference nor a file of weights knows them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Setting {
    /// The path of a layer or of an array of weights, from the model.
    pub path: &'static str,
    /// What is said about it.
    pub term: Term,
}

/// What a [`Setting`] says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Term {
    /// The weights do not train: `trainable = false`.
    Frozen,
    /// A penalty on the weights is part of the loss: `kernel_regularizer = l2(0.01)`.
    Regularizer(Regularizer),
    /// The weights are limited after each step: `kernel_constraint = max_norm(2)`.
    Constraint(Constraint),
    /// The settings of the model that is the layer of this path.
    Within(&'static [Setting]),
}
