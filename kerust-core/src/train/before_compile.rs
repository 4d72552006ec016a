//! The compile error for `fit` and `evaluate` on a model that is not compiled.

use super::{Fit, History, Logs};
use crate::Result;
use crate::data::{Data, Samples};
use crate::model::Model;

/// No type implements this trait: it only carries the error message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not compiled, so it cannot be trained or evaluated yet",
    label = "call `compile` first",
    note = "write `let mut model = {Self}::new(Seed(1)).compile(Adam::new(0.001), loss, metrics);` and then `model.fit(..)` or `model.evaluate(..)`"
)]
pub trait IsCompiled {}

/// The methods of [`Compiled`](super::Compiled) that a model does not have before `compile`.
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
    fn evaluate<Y: Data>(&mut self, _data: &impl Samples<Self::Input, Y>) -> Result<Logs>
    where
        Self: IsCompiled,
    {
        unreachable!("`IsCompiled` is implemented by nothing")
    }
}

impl<M: Model> BeforeCompile for M {}
