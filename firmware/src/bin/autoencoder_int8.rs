//! Anomalies of sounds, in 8 bits.
#![no_std]
#![no_main]

use kerust::{Arena, Rank1, Tensor};
use kerust_firmware::models::AutoencoderInt8;
use kerust_firmware::trained::AUTOENCODER_INT8;

static mut INPUT: Tensor<Rank1<640>, i8> = Tensor::zeroed();
static mut ARENA: Arena<AutoencoderInt8> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| AUTOENCODER_INT8.predict_in(x, arena))
}
