//! The compile error for a list of callbacks, as in Keras, which suggests `.callback(..)`.

use super::Fit;
use crate::data::Data;

/// No type implements this trait: it only carries the error message.
#[diagnostic::on_unimplemented(
    message = "expected a single callback, found a list in `callbacks`",
    label = "add callbacks one by one, by `callback`",
    note = "write `.callback(EarlyStopping::monitor(\"val_loss\")).callback(ModelCheckpoint::new(\"best.safetensors\"))`"
)]
pub trait SingleCallback {}

impl<X: Data, Y: Data> Fit<'_, X, Y> {
    /// See [`callback`](Fit::callback).
    #[doc(hidden)]
    pub fn callbacks<L: SingleCallback>(self, _list: L) -> Self {
        unreachable!("`SingleCallback` is implemented by nothing")
    }
}
