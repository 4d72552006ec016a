//! Callbacks: Keras's, and custom ones.

mod backup;
mod checkpoint;
mod context;
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

pub use backup::BackupAndRestore;
pub use checkpoint::ModelCheckpoint;
pub use context::TrainingContext;
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

use super::Result;

/// A callback, which is called at certain points of a training. The methods have Keras's names.
///
/// An error ends the training, and `fit` returns it.
///
/// ```
/// use kerust::Result;
/// use kerust::train::{Callback, TrainingContext};
///
/// /// Stops the training when the loss is small enough.
/// struct GoodEnough(f64);
///
/// impl Callback for GoodEnough {
///     fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
///         if training.logs()["loss"] < self.0 {
///             training.stop();
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Callback: Send {
    /// Called before the first epoch.
    ///
    /// # Errors
    /// An error ends the training.
    fn on_train_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called after the last epoch, also if a callback stopped the training, and if the loss was not finite
    /// ([`TrainingContext::failed`]). Not called after another error.
    ///
    /// # Errors
    /// `fit` returns the error.
    fn on_train_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called before each epoch.
    ///
    /// # Errors
    /// An error ends the training.
    fn on_epoch_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called after each epoch and its validation.
    ///
    /// # Errors
    /// An error ends the training.
    fn on_epoch_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called before each step.
    ///
    /// # Errors
    /// An error ends the training.
    fn on_train_batch_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called after each step. The logs are those of the epoch so far. If the loss is not finite, the step
    /// has not changed the model, and `fit` ends with an error unless a callback stops the training here.
    ///
    /// # Errors
    /// An error ends the training.
    fn on_train_batch_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called before each validation, and by [`evaluate_with`](crate::train::Compiled::evaluate_with).
    ///
    /// # Errors
    /// An error ends the training.
    fn on_test_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called after each validation or evaluation, whose results are in the logs. Those of a validation begin with `val_`.
    ///
    /// # Errors
    /// An error ends the training.
    fn on_test_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called before each batch of a validation.
    ///
    /// # Errors
    /// An error ends the training.
    fn on_test_batch_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called after each batch of a validation.
    ///
    /// # Errors
    /// An error ends the training.
    fn on_test_batch_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called before a prediction, by [`predict_with`](crate::train::Compiled::predict_with).
    ///
    /// # Errors
    /// An error ends the prediction.
    fn on_predict_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called after a prediction.
    ///
    /// # Errors
    /// The prediction returns the error.
    fn on_predict_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called before each batch of a prediction.
    ///
    /// # Errors
    /// An error ends the prediction.
    fn on_predict_batch_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called after each batch of a prediction.
    ///
    /// # Errors
    /// An error ends the prediction.
    fn on_predict_batch_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        Ok(())
    }

    /// The name under which [`state`](Self::state) is saved. If several callbacks have the same name, a
    /// number is appended.
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }

    /// Saves the values that the callback needs when the training is resumed. Does nothing by default.
    fn state(&self, _state: &mut CallbackState) {}

    /// Restores the values that [`state`](Self::state) saved. Called after `on_train_begin` of a resumed
    /// training.
    ///
    /// # Errors
    /// An error ends the training.
    fn restore(
        &mut self,
        _state: &CallbackState,
        _training: &mut TrainingContext<'_>,
    ) -> Result<()> {
        Ok(())
    }
}

/// Allows to pass a callback by reference, to read it after the training.
impl<C: Callback + ?Sized> Callback for &mut C {
    fn on_train_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_train_begin(training)
    }

    fn on_train_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_train_end(training)
    }

    fn on_epoch_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_epoch_begin(training)
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_epoch_end(training)
    }

    fn on_train_batch_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_train_batch_begin(training)
    }

    fn on_train_batch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_train_batch_end(training)
    }

    fn on_test_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_test_begin(training)
    }

    fn on_test_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_test_end(training)
    }

    fn on_test_batch_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_test_batch_begin(training)
    }

    fn on_test_batch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_test_batch_end(training)
    }

    fn on_predict_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_predict_begin(training)
    }

    fn on_predict_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_predict_end(training)
    }

    fn on_predict_batch_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_predict_batch_begin(training)
    }

    fn on_predict_batch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).on_predict_batch_end(training)
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn state(&self, state: &mut CallbackState) {
        (**self).state(state);
    }

    fn restore(&mut self, state: &CallbackState, training: &mut TrainingContext<'_>) -> Result<()> {
        (**self).restore(state, training)
    }
}
