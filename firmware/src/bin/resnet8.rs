//! Image classification.
#![no_std]
#![no_main]

use kerust::{Arena, Rank3, Tensor};
use kerust_firmware::models::ResNet8;
use kerust_firmware::trained::RESNET8;

static mut INPUT: Tensor<Rank3<32, 32, 3>> = Tensor::zeroed();
static mut ARENA: Arena<ResNet8> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| RESNET8.predict_in(x, arena))
}
