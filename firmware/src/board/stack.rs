//! Measures the stack depth: the stack below the caller is filled with a pattern, and checked afterwards.

use core::ptr::{addr_of, addr_of_mut, read_volatile, write_volatile};

const PAINT: u32 = 0xc0de_c0de;

/// The number of bytes below the caller that are not filled, because `paint` uses them.
const MARGIN: usize = 64;

unsafe extern "C" {
    /// The end of the statics.
    static mut __sheap: u32;
}

/// Fills everything between the statics and the stack pointer with the pattern.
#[inline(never)]
pub fn paint() {
    let mut place = addr_of_mut!(__sheap);
    let end = pointer() - MARGIN;
    while place.addr() < end {
        // SAFETY: this RAM is not used by anything else.
        unsafe {
            write_volatile(place, PAINT);
            place = place.add(1);
        }
    }
}

/// The number of bytes between the caller's stack pointer and the deepest position without the pattern.
#[inline(never)]
pub fn used() -> u32 {
    let mut place = addr_of!(__sheap);
    let end = pointer();
    // SAFETY: as in `paint`.
    while place.addr() < end && unsafe { read_volatile(place) } == PAINT {
        // SAFETY: as in `paint`.
        place = unsafe { place.add(1) };
    }
    (end - place.addr()) as u32
}

fn pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack)) };
    pointer
}
