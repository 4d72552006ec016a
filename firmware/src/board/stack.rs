//! How deep the stack was: it is painted below the caller, and looked at again.

use core::ptr::{addr_of, addr_of_mut, read_volatile, write_volatile};

const PAINT: u32 = 0xc0de_c0de;

/// Bytes below the caller that are left alone: what `paint` itself uses.
const MARGIN: usize = 64;

unsafe extern "C" {
    /// Where statics end.
    static mut __sheap: u32;
}

/// Paints everything between the statics and the stack pointer.
#[inline(never)]
pub fn paint() {
    let mut place = addr_of_mut!(__sheap);
    let end = pointer() - MARGIN;
    while place.addr() < end {
        // SAFETY: RAM that nothing lives in.
        unsafe {
            write_volatile(place, PAINT);
            place = place.add(1);
        }
    }
}

/// Bytes between the stack pointer of the caller and the deepest place that lost its paint.
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
