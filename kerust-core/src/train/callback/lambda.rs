//! Closures as callbacks.

use super::{Callback, Training};
use crate::Result;

type Call<'a> = Option<Box<dyn FnMut(&mut Training<'_>) + Send + 'a>>;

/// Calls closures: Keras's `LambdaCallback`.
#[derive(Default)]
pub struct LambdaCallback<'a> {
    train_begin: Call<'a>,
    train_end: Call<'a>,
    epoch_begin: Call<'a>,
    epoch_end: Call<'a>,
    train_batch_begin: Call<'a>,
    train_batch_end: Call<'a>,
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
                pub fn $hook(mut self, call: impl FnMut(&mut Training<'_>) + Send + 'a) -> Self {
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
                fn $hook(&mut self, training: &mut Training<'_>) -> Result<()> {
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
}
