//! Commands of several words, with a Transformer.
#![no_std]
#![no_main]

use kerust::{Arena, Tokens};
use kerust_firmware::models::Transformer;
use kerust_firmware::trained::TRANSFORMER;

static mut INPUT: Tokens<16> = Tokens::zeroed();
static mut ARENA: Arena<Transformer> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| TRANSFORMER.predict_in(x, arena))
}
