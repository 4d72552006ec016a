//! No other kernels than the portable ones: without `std`, and on other machines.

use super::{Convolution, Dense, Depthwise, Filters, Rows};

#[inline(always)]
pub(super) fn convolution(_: &Convolution, _: Option<&[i8]>, _: Filters<'_>, _: &mut [i8]) -> bool {
    false
}

#[inline(always)]
pub(super) fn convolution_rows(
    _: &Convolution,
    _: Rows<'_>,
    _: usize,
    _: Filters<'_>,
    _: &mut [i8],
) -> bool {
    false
}

#[inline(always)]
pub(super) fn depthwise(_: &Depthwise, _: Option<&[i8]>, _: Filters<'_>, _: &mut [i8]) -> bool {
    false
}

#[inline(always)]
pub(super) fn depthwise_rows(
    _: &Depthwise,
    _: Rows<'_>,
    _: usize,
    _: Filters<'_>,
    _: &mut [i8],
) -> bool {
    false
}

#[inline(always)]
pub(super) fn dense(_: &Dense, _: &[i8], _: Filters<'_>, _: &mut [i8]) -> bool {
    false
}
