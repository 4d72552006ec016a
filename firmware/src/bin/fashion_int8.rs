//! Clothing, in 8 bits between `f32` inputs and outputs.
#![no_std]
#![no_main]

use kerust::{Arena, Rank3, Tensor};
use kerust_firmware::fashion_int8::FashionInt8;
use kerust_firmware::trained::FASHION_INT8;

static mut INPUT: Tensor<Rank3<28, 28, 1>> = Tensor::zeroed();
static mut ARENA: Arena<FashionInt8> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| FASHION_INT8.predict_in(x, arena))
}
