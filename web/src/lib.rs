//! The functions that the page calls: the page writes a picture, calls `classify`, and reads the scores.
//!
//! JavaScript accesses the memory of this program as bytes, without Rust's knowledge. Atomics may change that
//! way; on a single thread they are as fast as plain values.
#![cfg_attr(target_family = "wasm", no_std)]

use core::array::from_fn;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};
use garments::{Classifier, Image};

/// The gray pixels, row by row: 0 is black and 255 is white.
static PIXELS: [[AtomicU8; 28]; 28] = [const { [const { AtomicU8::new(0) }; 28] }; 28];
/// The scores, as the bits of ten `f32`.
static SCORES: [AtomicU32; 10] = [const { AtomicU32::new(0) }; 10];

/// The address to which the page writes the picture, 784 bytes.
// SAFETY: nothing else in this program has the name.
#[unsafe(no_mangle)]
pub extern "C" fn pixels() -> *const u8 {
    PIXELS.as_ptr().cast()
}

/// The address from which the page reads ten `f32`: the probability of each garment, in the order of
/// `Garment::ALL`.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn scores() -> *const f32 {
    SCORES.as_ptr().cast()
}

/// Classifies the picture.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn classify() {
    let image = Image::new(&from_fn(|y| from_fn(|x| PIXELS[y][x].load(Relaxed))));
    for (slot, score) in SCORES.iter().zip(Classifier::new().scores(&image)) {
        slot.store(score.to_bits(), Relaxed);
    }
}

/// Linked only if something can panic. `web/build` checks that it is not.
#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
