//! Tests of the whole crate in one binary.
#![cfg(feature = "std")]
#![allow(missing_docs)]

mod callbacks;
#[cfg(feature = "keras")]
mod keras;
#[cfg(unix)]
mod properties;
#[cfg(unix)]
mod resume;
mod support;
mod training;
mod weights;
#[cfg(unix)]
mod weights_kill;
