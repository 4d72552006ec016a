//! Anomalies of sounds.
#![no_std]
#![no_main]

use kerust::tensor::{Rank1, Tensor};
use kerust::Arena;
use kerust_firmware::models::Autoencoder;

static MODEL: &Autoencoder = kerust_firmware::embedded!("autoencoder.weights", Autoencoder);
static mut INPUT: Tensor<Rank1<640>> = Tensor::zeroed();
static mut ARENA: Arena<Autoencoder> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| MODEL.predict_in(x, arena))
}
