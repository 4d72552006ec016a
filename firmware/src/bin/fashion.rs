//! Clothing classification with the model and the weights of `examples/08_embedded.rs`.
#![no_std]
#![no_main]

use kerust::{Arena, Rank3, Tensor};
use kerust_firmware::fashion::Fashion;

static mut INPUT: Tensor<Rank3<28, 28, 1>> = Tensor::zeroed();
static mut ARENA: Arena<Fashion> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| Fashion::trained().predict_in(x, arena))
}
