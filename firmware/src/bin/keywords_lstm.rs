//! Spoken words, with an LSTM.
#![no_std]
#![no_main]

use kerust::{Arena, Rank2, Tensor};
use kerust_firmware::models::KeywordsLstm;
use kerust_firmware::trained::KEYWORDS_LSTM;

static mut INPUT: Tensor<Rank2<49, 10>> = Tensor::zeroed();
static mut ARENA: Arena<KeywordsLstm> = Arena::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names them.
    let (input, arena) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut ARENA)) };
    kerust_firmware::board::run(input, |x| KEYWORDS_LSTM.predict_in(x, arena))
}
