//! The building blocks of kerust's models: shape rules, tensors, layers, kernels and training.
//!
//! Users depend on the facade crate `kerust`. This crate exists so that the macro crate and the facade share
//! one copy of the shape rules. Without the `std` feature it is `no_std`, does not use `alloc`, and contains
//! everything that inference needs.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod activation;
pub mod constraint;
pub mod data;
#[cfg(feature = "std")]
mod diagram;
pub mod element;
#[cfg(feature = "std")]
pub mod error;
pub mod gradient;
#[cfg(feature = "std")]
mod habit;
pub mod init;
pub mod kernels;
pub mod layer;
pub mod layers;
#[cfg(feature = "std")]
pub mod loss;
pub mod memory;
#[cfg(feature = "std")]
pub mod metric;
pub mod model;
#[cfg(feature = "std")]
pub mod optimizer;
#[cfg(feature = "plots")]
pub mod picture;
pub mod quantize;
pub mod regularizer;
pub mod rng;
pub mod shape;
#[cfg(feature = "std")]
mod summary;
pub mod tensor;
#[cfg(feature = "std")]
pub mod testing;
pub mod text;
#[cfg(feature = "std")]
pub mod train;
#[cfg(feature = "std")]
mod value;
pub mod weights;

#[cfg(feature = "std")]
pub use error::{Error, Result};
