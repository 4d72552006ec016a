//! Vectors of `f32`, as the tile needs them.

use super::pack::Strided;
use super::tile::Tile;

/// A vector of `f32` and its instructions.
///
/// # Safety
/// Every function needs the instruction set that the type names; those with pointers need them
/// valid for the lanes that they touch. They are `inline(always)` so that they become part of a
/// function that is compiled for the set.
pub(super) trait Simd {
    const LANES: usize;
    /// Sums that fit in registers, beside the operands.
    const SUMS: usize;
    type Vector: Copy;
    type Mask: Copy;

    unsafe fn zero() -> Self::Vector;
    unsafe fn splat(x: *const f32) -> Self::Vector;
    /// The first `lanes` lanes, of `1..=LANES`.
    unsafe fn mask(lanes: usize) -> Self::Mask;
    unsafe fn load(from: *const f32) -> Self::Vector;
    unsafe fn load_masked(from: *const f32, mask: Self::Mask) -> Self::Vector;
    unsafe fn store(to: *mut f32, x: Self::Vector);
    unsafe fn store_masked(to: *mut f32, mask: Self::Mask, x: Self::Vector);
    /// Asks for the cache line of a value that need not exist, where the language can.
    #[inline(always)]
    unsafe fn prefetch(_value: *const f32) {}
    unsafe fn mul(x: Self::Vector, y: Self::Vector) -> Self::Vector;
    unsafe fn add(x: Self::Vector, y: Self::Vector) -> Self::Vector;
    /// `x * y + sum`, rounded once.
    unsafe fn fma(x: Self::Vector, y: Self::Vector, sum: Self::Vector) -> Self::Vector;
    /// Zero for what is below zero; NaN stays.
    unsafe fn relu(x: Self::Vector) -> Self::Vector;
    /// Turns `LANES` vectors around: lane i of vector j becomes lane j of vector i.
    unsafe fn transpose(rows: &mut [Self::Vector; 16]);
    /// [`super::tile::tile`], compiled for the set.
    unsafe fn tile<const ROWS: usize, const VECTORS: usize>(tile: &Tile<'_>);
    /// [`super::pack::transposed`], compiled for the set.
    unsafe fn pack_transposed(from: &Strided, panel: *mut f32, width: usize);
}
