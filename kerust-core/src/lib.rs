//! What kerust's models are made of: shape rules, tensors, layers, kernels, training.
//!
//! Users depend on the facade crate `kerust`; this crate exists so that the macro crate and the
//! facade share one copy of the shape rules. Without the `std` feature it is `no_std`, without
//! alloc, and holds everything that inference needs.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod activation;
pub mod data;
#[cfg(feature = "std")]
pub mod error;
pub mod init;
pub mod kernels;
pub mod layer;
pub mod layers;
pub mod memory;
pub mod model;
#[cfg(feature = "plots")]
pub mod picture;
pub mod rng;
pub mod shape;
pub mod tensor;
#[cfg(feature = "std")]
pub mod testing;
pub mod weights;
