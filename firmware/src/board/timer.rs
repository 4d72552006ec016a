//! CMSDK timer 0 of the MPS2 boards: 32 bits, counting down at 25 MHz.

use core::ptr::{
    read_volatile, with_exposed_provenance, with_exposed_provenance_mut, write_volatile,
};

const CONTROL: usize = 0x4000_0000;
const VALUE: usize = CONTROL + 4;
const RELOAD: usize = CONTROL + 8;

/// Starts the timer from its largest value.
pub fn start() {
    for (register, value) in [
        (CONTROL, 0),
        (RELOAD, u32::MAX),
        (VALUE, u32::MAX),
        (CONTROL, 1),
    ] {
        // SAFETY: a register of the board's timer, which nothing else uses.
        unsafe { write_volatile(with_exposed_provenance_mut(register), value) }
    }
}

/// The remaining ticks.
#[inline(never)]
pub fn now() -> u32 {
    // SAFETY: as in `start`.
    unsafe { read_volatile(with_exposed_provenance(VALUE)) }
}
