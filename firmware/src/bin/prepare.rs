//! Creates the weights and the inputs of the models. Run it in `firmware/`.
//!
//! The published weights are read from MLPerf Tiny's files, in the folder that `KERUST_MLPERF` names (feature
//! `published`). Without them these models are initialized with a fixed seed.

use kerust::prelude::*;
use kerust::tensor::StaticShape;
use kerust_firmware::fashion_int8::Fashion;
use kerust_firmware::models::{
    Autoencoder, Catalogue, Keywords, KeywordsLstm, ResNet8, Transformer,
};

/// Inputs of each `f32` model.
const INPUTS: usize = 20;

/// Inputs of each 8-bit model.
const INT8_INPUTS: usize = 200;

fn main() -> kerust::Result<()> {
    std::fs::create_dir_all("generated")?;
    let (train, test) =
        datasets::fashion_mnist::load_from::<Rank3<28, 28, 1>>("../data/fashion_mnist")?;
    let images = (0..INPUTS).flat_map(|i| test.input(i).as_slice().to_vec());
    write_inputs("fashion", images)?;

    let mut random = Seed(7).rng();
    let sounds = (0..INPUTS * 640).map(|_| random.random_range(-10.0..10.0));
    write_inputs("autoencoder", sounds)?;
    let pictures = (0..INPUTS * 3072).map(|_| random.random_range(0.0..255.0));
    write_inputs("resnet8", pictures)?;
    let images = (0..INPUTS * 288).map(|_| random.random_range(-1.0..1.0));
    write_inputs("catalogue", images)?;
    let sounds = (0..INPUTS * 490).map(|_| random.random_range(-2.0..2.0));
    write_inputs("keywords_lstm", sounds)?;
    KeywordsLstm::new(Seed(1)).save("generated/keywords_lstm.safetensors")?;
    // From no word to 16 words, and padding after them.
    let words = (0..INPUTS * 16).map(|i| match i % 16 < i / 16 {
        true => random.random_range(1..128u16),
        false => 0,
    });
    let words: Vec<u8> = words.flat_map(u16::to_le_bytes).collect();
    std::fs::write("generated/transformer.inputs", words)?;
    Transformer::new(Seed(1)).save("generated/transformer.safetensors")?;

    let autoencoder = weights::<Autoencoder>("ad/ad01.h5")?;
    autoencoder.save("generated/autoencoder.safetensors")?;
    let resnet8 = weights::<ResNet8>("ic/pretrainedResnet.h5")?;
    resnet8.save("generated/resnet8.safetensors")?;

    let images = (0..INT8_INPUTS).flat_map(|i| test.input(i).as_slice().to_vec());
    write_inputs("fashion_int8", images)?;
    let fashion = Fashion::load("../examples/fashion.safetensors")?;
    let (int8, _) = fashion.quantize(&train.take(500))?;
    int8.save("generated/fashion_int8.safetensors")?;
    quantized(&*autoencoder, "autoencoder_int8", [-10.0, 10.0])?;
    quantized(&*resnet8, "resnet8_int8", [0.0, 255.0])?;
    quantized(&*Keywords::new(Seed(1)), "keywords_int8", [-20.0, 20.0])?;
    Catalogue::new(Seed(1)).save("generated/catalogue.safetensors")
}

/// The 8-bit twin of a model, by inputs that are random in a range, and inputs of 8 bits for it.
fn quantized<X: StaticShape, M: Quantize<Input = X>>(
    model: &M,
    name: &str,
    [low, high]: [f32; 2],
) -> kerust::Result<()> {
    let mut random = Seed(8).rng();
    let calibration = Dataset::<X, Binary>::fill(64, |_, x, _| {
        let values = x.as_mut_slice().iter_mut();
        values.for_each(|value| *value = random.random_range(low..high));
    });
    let (int8, _) = model.quantize(&calibration)?;
    int8.save(format!("generated/{name}.safetensors"))?;
    let inputs = INT8_INPUTS * X::LEN;
    let inputs: Vec<u8> = (0..inputs).map(|_| random.random()).collect();
    std::fs::write(format!("generated/{name}.inputs"), inputs)?;
    Ok(())
}

/// The published weights.
#[cfg(feature = "published")]
fn weights<M: Train>(file: &str) -> kerust::Result<Box<M>> {
    let folder = std::env::var("KERUST_MLPERF").expect("KERUST_MLPERF names MLPerf Tiny's folder");
    kerust::weights::keras::load(std::path::Path::new(&folder).join(file))
}

/// Initial weights.
#[cfg(not(feature = "published"))]
fn weights<M: Train>(file: &str) -> kerust::Result<Box<M>> {
    println!(
        "SKIPPED: {file} of MLPerf Tiny: {} gets weights of a fixed seed",
        M::NAME
    );
    Ok(M::new(Seed(1)))
}

fn write_inputs(name: &str, values: impl Iterator<Item = f32>) -> kerust::Result<()> {
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    std::fs::write(format!("generated/{name}.inputs"), bytes)?;
    Ok(())
}
