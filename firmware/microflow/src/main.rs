//! Anomaly detection in sounds, with MicroFlow in int8.
#![no_std]
#![no_main]

use kerust::tensor::{Rank1, Tensor};
use microflow::buffer::Buffer2D;
use microflow::model;

#[model("../generated/ad01_int8.tflite")]
struct Autoencoder;

static mut INPUT: Tensor<Rank1<640>> = Tensor::zeroed();

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is the only place that names it.
    let input = unsafe { &mut *(&raw mut INPUT) };
    kerust_firmware::board::run(input, |x: &Tensor<Rank1<640>>| {
        let output = Autoencoder::predict(Buffer2D::from_row_slice(x.as_slice()));
        Tensor::<Rank1<640>>::from_fn(|[i]: [usize; 1]| output[i])
    })
}
