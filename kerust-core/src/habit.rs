//! Compile errors that help with common Rust habits which kerust does not follow, such as `Type::new()`.

/// No type implements this trait: it only carries the error message.
// The lifetime keeps rustc from judging the bound where `no_new!` states it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a value, found `new`",
    label = "write the name of the type, without `::new()`",
    note = "losses and metrics are values: `SparseCategoricalCrossentropy`, `AUC`; settings are methods: `Huber.delta(2.0)`"
)]
pub trait HasNew<'a> {}

/// No type implements this trait: it only carries the error message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` needs the name of a metric to monitor, found `new`",
    label = "write `monitor(\"val_loss\")` in place of `new()`",
    note = "`EarlyStopping::monitor(\"val_loss\")`, `ReduceLROnPlateau::monitor(\"val_loss\")`, `ModelCheckpoint::new(\"best.safetensors\").monitor(\"val_loss\")`"
)]
pub trait WatchesNothing<'a> {}

/// Gives types a `new` that does not compile, with the message of a trait that they do not implement. Without
/// it, rustc would report the bounds of [`Workflow::new`](crate::train::Workflow::new), which the prelude
/// brings into scope for all types.
macro_rules! no_new {
    ($bound:ident: $($name:ty),+ $(,)?) => {$(
        impl $name {
            #[doc(hidden)]
            #[allow(clippy::new_without_default, reason = "it cannot be called")]
            pub fn new() -> Self
            where
                for<'a> Self: $crate::habit::$bound<'a>,
            {
                unreachable!("the bound is implemented by nothing")
            }
        }
    )+};
}
pub(crate) use no_new;
