//! Creates the weights and the inputs of the models. Run it in `firmware/`.
//!
//! The published weights are read from MLPerf Tiny's files, in the folder that `KERUST_MLPERF` names (feature
//! `published`). Without them these models are initialized with a fixed seed.

use kerust::prelude::*;
use kerust_firmware::models::{Autoencoder, Catalogue, ResNet8};

/// The number of inputs for each model.
const INPUTS: usize = 20;

fn main() -> kerust::Result<()> {
    std::fs::create_dir_all("generated")?;
    let (_, test) =
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

    weights::<Autoencoder>("ad/ad01.h5")?.save("generated/autoencoder.safetensors")?;
    weights::<ResNet8>("ic/pretrainedResnet.h5")?.save("generated/resnet8.safetensors")?;
    Catalogue::new(Seed(1)).save("generated/catalogue.safetensors")
}

/// The published weights.
#[cfg(feature = "published")]
fn weights<M: kerust::Train>(file: &str) -> kerust::Result<Box<M>> {
    let folder = std::env::var("KERUST_MLPERF").expect("KERUST_MLPERF names MLPerf Tiny's folder");
    kerust::weights::keras::load(std::path::Path::new(&folder).join(file))
}

/// Initial weights.
#[cfg(not(feature = "published"))]
fn weights<M: kerust::Train>(file: &str) -> kerust::Result<Box<M>> {
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
