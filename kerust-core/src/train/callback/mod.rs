//! What happens beside the training: Keras's callbacks, and one's own.

mod backup;
mod checkpoint;
mod csv;
mod early_stopping;
mod events;
mod file_name;
mod habits;
mod lambda;
mod learning_rate;
mod monitor;
mod plateau;
mod state;
mod swap_ema;
mod tensor_board;
mod terminate;
mod training;

pub use backup::BackupAndRestore;
pub use checkpoint::ModelCheckpoint;
pub use csv::CSVLogger;
pub use early_stopping::EarlyStopping;
pub use lambda::LambdaCallback;
pub use learning_rate::LearningRateScheduler;
pub use monitor::Mode;
pub use plateau::ReduceLROnPlateau;
pub use state::CallbackState;
pub use swap_ema::SwapEMAWeights;
pub use tensor_board::TensorBoard;
pub use terminate::TerminateOnNaN;
pub use training::Training;

use super::Result;

/// Something that is called in the course of a training.
///
/// An error ends the training, and is what `fit` returns. The methods have Keras's names.
///
/// ```
/// use kerust_core::Result;
/// use kerust_core::train::{Callback, Training};
///
/// /// Stops at a loss that is good enough.
/// struct GoodEnough(f64);
///
/// impl Callback for GoodEnough {
///     fn on_epoch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
///         if training.logs()["loss"] < self.0 {
///             training.stop();
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Callback: Send {
    /// Before the first epoch.
    ///
    /// # Errors
    /// What ends the training.
    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After the last epoch, also when a callback stopped the training, and when the loss was not finite
    /// ([`Training::failed`]); not after another error.
    ///
    /// # Errors
    /// What `fit` is to return.
    fn on_train_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before each epoch.
    ///
    /// # Errors
    /// What ends the training.
    fn on_epoch_begin(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After each epoch and its validation.
    ///
    /// # Errors
    /// What ends the training.
    fn on_epoch_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before each step.
    ///
    /// # Errors
    /// What ends the training.
    fn on_train_batch_begin(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After each step; the numbers are those of the epoch so far. A loss that is not finite moved
    /// nothing; `fit` then ends with an error, unless a callback stops the training here.
    ///
    /// # Errors
    /// What ends the training.
    fn on_train_batch_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before each validation.
    ///
    /// # Errors
    /// What ends the training.
    fn on_test_begin(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After each validation; its numbers stand in the logs.
    ///
    /// # Errors
    /// What ends the training.
    fn on_test_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before each batch of a validation.
    ///
    /// # Errors
    /// What ends the training.
    fn on_test_batch_begin(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After each batch of a validation.
    ///
    /// # Errors
    /// What ends the training.
    fn on_test_batch_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// The name under which [`state`](Self::state) is kept; a second callback of one name gets a number.
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }

    /// Leaves what the callback has to remember when the training is resumed. Nothing by default.
    fn state(&self, _state: &mut CallbackState) {}

    /// Takes what [`state`](Self::state) left, after `on_train_begin` of a training that is resumed.
    ///
    /// # Errors
    /// What ends the training.
    fn restore(&mut self, _state: &CallbackState, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }
}

/// A callback that is looked at after the training.
impl<C: Callback + ?Sized> Callback for &mut C {
    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_train_begin(training)
    }

    fn on_train_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_train_end(training)
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_epoch_begin(training)
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_epoch_end(training)
    }

    fn on_train_batch_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_train_batch_begin(training)
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_train_batch_end(training)
    }

    fn on_test_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_test_begin(training)
    }

    fn on_test_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_test_end(training)
    }

    fn on_test_batch_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_test_batch_begin(training)
    }

    fn on_test_batch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_test_batch_end(training)
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn state(&self, state: &mut CallbackState) {
        (**self).state(state);
    }

    fn restore(&mut self, state: &CallbackState, training: &mut Training<'_>) -> Result<()> {
        (**self).restore(state, training)
    }
}
