//! Closures as callbacks.

use super::{Callback, TrainingContext};
use crate::Result;

type Call<'a> = Option<Box<dyn FnMut(&mut TrainingContext<'_>) + Send + 'a>>;

/// Calls closures: Keras's `LambdaCallback`.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// let print = LambdaCallback::new().on_epoch_end(|training| println!("{}", training.logs()["loss"]));
/// model.fit(&data, Fit::epochs(3).callback(print).quiet())?;
/// # Ok::<(), kerust::Error>(())
/// ```
#[derive(Default)]
pub struct LambdaCallback<'a> {
    train_begin: Call<'a>,
    train_end: Call<'a>,
    epoch_begin: Call<'a>,
    epoch_end: Call<'a>,
    train_batch_begin: Call<'a>,
    train_batch_end: Call<'a>,
    test_begin: Call<'a>,
    test_end: Call<'a>,
    test_batch_begin: Call<'a>,
    test_batch_end: Call<'a>,
    predict_begin: Call<'a>,
    predict_end: Call<'a>,
    predict_batch_begin: Call<'a>,
    predict_batch_end: Call<'a>,
}

macro_rules! hooks {
    ($($(#[$doc:meta])* $hook:ident: $field:ident;)+) => {
        impl<'a> LambdaCallback<'a> {
            /// Creates a callback without closures.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $(#[$doc])*
                pub fn $hook(mut self, call: impl FnMut(&mut TrainingContext<'_>) + Send + 'a) -> Self {
                    self.$field = Some(Box::new(call));
                    self
                }
            )+
        }

        impl Callback for LambdaCallback<'_> {
            fn name(&self) -> &'static str {
                "LambdaCallback"
            }

            $(
                fn $hook(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
                    if let Some(call) = &mut self.$field {
                        call(training);
                    }
                    Ok(())
                }
            )+
        }
    };
}
hooks! {
    /// Sets a closure that is called before the first epoch.
    on_train_begin: train_begin;
    /// Sets a closure that is called after the last epoch.
    on_train_end: train_end;
    /// Sets a closure that is called before each epoch.
    on_epoch_begin: epoch_begin;
    /// Sets a closure that is called after each epoch and its validation.
    on_epoch_end: epoch_end;
    /// Sets a closure that is called before each step.
    on_train_batch_begin: train_batch_begin;
    /// Sets a closure that is called after each step.
    on_train_batch_end: train_batch_end;
    /// Sets a closure that is called before each validation or evaluation.
    on_test_begin: test_begin;
    /// Sets a closure that is called after each validation or evaluation.
    on_test_end: test_end;
    /// Sets a closure that is called before each batch of a validation or an evaluation.
    on_test_batch_begin: test_batch_begin;
    /// Sets a closure that is called after each batch of a validation or an evaluation.
    on_test_batch_end: test_batch_end;
    /// Sets a closure that is called before a prediction.
    on_predict_begin: predict_begin;
    /// Sets a closure that is called after a prediction.
    on_predict_end: predict_end;
    /// Sets a closure that is called before each batch of a prediction.
    on_predict_batch_begin: predict_batch_begin;
    /// Sets a closure that is called after each batch of a prediction.
    on_predict_batch_end: predict_batch_end;
}
