//! What the page calls: a picture that it writes, scores that it reads, and the step between them.
//!
//! JavaScript sees the memory of this program as bytes, and writes to it where Rust cannot see it.
//! Atomics are values that may change so; on a single thread they cost what plain ones do.
#![cfg_attr(target_family = "wasm", no_std)]

use core::array::from_fn;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};
use garments::{Classifier, Image};

/// The grey pixels, row by row: 0 is black, 255 white.
static PIXELS: [[AtomicU8; 28]; 28] = [const { [const { AtomicU8::new(0) }; 28] }; 28];
/// The bits of ten `f32`.
static SCORES: [AtomicU32; 10] = [const { AtomicU32::new(0) }; 10];

/// Where the page writes 784 bytes: the picture.
// SAFETY: nothing else in this program has the name.
#[unsafe(no_mangle)]
pub extern "C" fn pixels() -> *const u8 {
    PIXELS.as_ptr().cast()
}

/// Where the page reads ten `f32`: how likely each garment is, in the order of `Garment::ALL`.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn scores() -> *const f32 {
    SCORES.as_ptr().cast()
}

/// Scores the picture.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn classify() {
    let image = Image::new(&from_fn(|y| from_fn(|x| PIXELS[y][x].load(Relaxed))));
    for (slot, score) in SCORES.iter().zip(Classifier::new().scores(&image)) {
        slot.store(score.to_bits(), Relaxed);
    }
}

/// Linked only where something can panic; `web/build` finds it there.
#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
