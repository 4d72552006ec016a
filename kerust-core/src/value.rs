//! Types with settings that can also be used as values.

/// Declares a constant with the name of the type and Keras's defaults, so that a loss or metric with settings
/// can be written without them: `Huber`, `Huber.delta(2.0)`.
macro_rules! value {
    ($name:ident { $($field:ident: $default:expr),+ $(,)? }) => {
        #[doc = concat!("[`", stringify!($name), "`](struct@", stringify!($name), ") with Keras's defaults.")]
        #[allow(non_upper_case_globals, reason = "named as the type, whose value it is")]
        pub const $name: $name = $name { $($field: $default),+ };

        impl Default for $name {
            fn default() -> Self {
                $name
            }
        }
    };
}
pub(crate) use value;
