//! Quantize a trained model, see what it costs and where, save it, load it.
//!
//! It reads `fashion.safetensors`, which 01_fashion_mnist leaves behind, and the 6,000 real images that the repository
//! carries.
use kerust::prelude::*;

#[path = "models/fashion.rs"]
// one declaration, marked `#[int8]`, shared with training and firmware
mod fashion;
use fashion::{Fashion, FashionInt8};

fn main() -> kerust::Result<()> {
    let (train, test) = datasets::fashion_mnist::load_from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/data/fashion_mnist"
    ))?;
    let model = Fashion::load("fashion.safetensors")?;
    let (int8, report) = model.quantize(&train.take(500))?;
    println!("{report}"); // each layer: signal to noise, what it costs
    report.plot().save("fashion-int8.svg")?;

    let (float, quantized) = (model.accuracy(&test)?, int8.accuracy(&test)?);
    println!("float {float:.4}, int8 {quantized:.4}");
    println!(
        "flash {} -> {} bytes",
        Fashion::WEIGHT_BYTES,
        FashionInt8::WEIGHT_BYTES
    );
    assert!(float - quantized < 0.003);

    int8.save("fashion-int8.safetensors")?;
    let again = FashionInt8::load("fashion-int8.safetensors")?;
    assert_eq!(again.predict(&test.input(0)), int8.predict(&test.input(0)));
    Ok(())
}
