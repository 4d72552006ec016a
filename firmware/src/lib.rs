//! Models of `kerust` on a Cortex-M: declarations, weights, and measurements.
#![no_std]

#[cfg(target_os = "none")]
pub mod board;
#[path = "../../examples/08_embedded.rs"]
#[allow(unused_attributes, reason = "`no_std` is the example's own")]
pub mod fashion;
#[path = "../../examples/models/fashion.rs"]
pub mod fashion_int8;
pub mod models;
#[cfg(any(target_os = "none", feature = "answer"))]
pub mod trained;
