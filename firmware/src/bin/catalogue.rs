//! One layer of every kind, for the check of the symbol table.
#![no_std]
#![no_main]

use kerust::{Arena, Rank3, Tensor};
use kerust_firmware::models::Catalogue;
use kerust_firmware::trained::CATALOGUE;

static mut INPUT: Tensor<Rank3<12, 12, 2>> = Tensor::zeroed();
static mut ARENA: Arena<Catalogue> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| CATALOGUE.predict_in(x, arena))
}
