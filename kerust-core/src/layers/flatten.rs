//! Flatten layer.
//!
//! A sample lies in memory row-major, so its flat form is the same bytes.

/// All values of a sample as one vector, row-major: `Flatten`.
///
/// # Shapes
/// input `[A]..[Z]`, output `[A * .. * Z]`
///
/// # Cost
/// none: the output is the input's memory
#[derive(Clone, Copy, Debug)]
pub struct Flatten;
