//! A program without a model, for comparison with the others.
#![no_std]
#![no_main]

use kerust::tensor::{Rank1, Tensor};

static mut INPUT: Tensor<Rank1<640>> = Tensor::zeroed();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names it.
    let input = unsafe { &mut *(&raw mut INPUT) };
    kerust_firmware::board::run(input, |_| Tensor::<Rank1<10>>::zeroed())
}
