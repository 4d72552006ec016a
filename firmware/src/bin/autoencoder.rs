//! Anomaly detection in sounds.
#![no_std]
#![no_main]

use kerust::{Arena, Rank1, Tensor};
use kerust_firmware::models::Autoencoder;
use kerust_firmware::trained::AUTOENCODER;

static mut INPUT: Tensor<Rank1<640>> = Tensor::zeroed();
static mut ARENA: Arena<Autoencoder> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| AUTOENCODER.predict_in(x, arena))
}
