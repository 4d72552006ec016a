//! Keras's workflow with shapes known to the compiler.
#![cfg_attr(not(feature = "std"), no_std)]
pub use kerust_core::*;
