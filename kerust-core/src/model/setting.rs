//! The training settings of a model's declaration.

use crate::constraint::Constraint;
use crate::regularizer::Regularizer;

/// A training setting for the weights at a path: `conv2d`, or `conv2d.kernel`.
///
/// Settings affect training only, not inference and not files of weights.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Setting {
    /// The path of a layer or of an array of weights, relative to the model.
    pub path: &'static str,
    /// The setting.
    pub term: Term,
}

/// The kinds of a [`Setting`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Term {
    /// The weights are not trained: `trainable = false`.
    Frozen,
    /// A penalty on the weights is added to the loss: `kernel_regularizer = l2(0.01)`.
    Regularizer(Regularizer),
    /// The layer adds a penalty on its outputs to the loss: `activity_regularizer = l2(0.01)`.
    ActivityRegularizer,
    /// The weights are constrained after each step: `kernel_constraint = max_norm(2)`.
    Constraint(Constraint),
    /// The settings inside the model that is the layer at this path.
    Within(&'static [Setting]),
}

/// Whether a layer adds a penalty on its outputs to the loss.
#[cfg(feature = "std")]
pub(crate) const fn regularizes_activity(settings: &[Setting]) -> bool {
    let mut place = 0;
    while place < settings.len() {
        let found = match settings[place].term {
            Term::ActivityRegularizer => true,
            Term::Within(inner) => regularizes_activity(inner),
            _ => false,
        };
        if found {
            return true;
        }
        place += 1;
    }
    false
}
