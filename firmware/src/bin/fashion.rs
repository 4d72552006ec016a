//! Clothing, as the example trained it.
#![no_std]
#![no_main]

use kerust::tensor::{Rank3, Tensor};
use kerust::Arena;
use kerust_firmware::models::Fashion;

static MODEL: &Fashion = kerust_firmware::embedded!("fashion.weights", Fashion);
static mut INPUT: Tensor<Rank3<28, 28, 1>> = Tensor::zeroed();
static mut ARENA: Arena<Fashion> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| MODEL.predict_in(x, arena))
}
