//! Models of `kerust` on a Cortex-M: their declarations, and what measures them.
#![no_std]

#[cfg(target_os = "none")]
pub mod board;
pub mod models;

/// The weights of a model from a file of `generated/`.
#[macro_export]
macro_rules! embedded {
    ($file:literal, $model:ty) => {{
        #[repr(C, align(4))]
        struct Aligned([u8; size_of::<$model>()]);
        static BYTES: Aligned = Aligned(*include_bytes!(concat!("../../generated/", $file)));
        // SAFETY: aligned for `f32`, as long as the model, and any bits are valid `f32`s.
        unsafe { &*(&raw const BYTES).cast::<$model>() }
    }};
}
