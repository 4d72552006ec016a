//! What needs `compile` first: `fit` and `evaluate` of a model that is not compiled are answered
//! with that.

use super::{Fit, History, Report};
use crate::Result;
use crate::data::{Data, Samples};
use crate::model::Model;

/// Implemented by nothing: it carries the message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not compiled, so it cannot be trained or evaluated yet",
    label = "call `compile` first",
    note = "write `let mut model = {Self}::new(Seed(1)).compile(Adam::new(0.001), loss, metrics);` and then `model.fit(..)` or `model.evaluate(..)`"
)]
pub trait IsCompiled {}

/// The methods of [`Compiled`](super::Compiled) that a model does not have yet.
pub trait BeforeCompile: Model {
    /// See [`Compiled::fit`](super::Compiled::fit).
    fn fit<Y: Data>(
        &mut self,
        _data: &impl Samples<Self::Input, Y>,
        _fit: Fit<'_, Self::Input, Y>,
    ) -> Result<History>
    where
        Self: IsCompiled,
    {
        unreachable!("`IsCompiled` is implemented by nothing")
    }

    /// See [`Compiled::evaluate`](super::Compiled::evaluate).
    fn evaluate<Y: Data>(&mut self, _data: &impl Samples<Self::Input, Y>) -> Result<Report>
    where
        Self: IsCompiled,
    {
        unreachable!("`IsCompiled` is implemented by nothing")
    }
}

impl<M: Model> BeforeCompile for M {}
