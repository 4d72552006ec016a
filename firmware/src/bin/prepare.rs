//! Makes the weights and the inputs: `prepare FOLDER`.
//!
//! Fashion is trained here. The published weights are read from MLPerf Tiny's files, in the folder that
//! `KERUST_MLPERF` names; without it these models get fresh weights of a fixed seed.

use kerust::layer::LayerData;
use kerust::prelude::*;
use kerust_firmware::models::{Autoencoder, Fashion, ResNet8};
use std::path::Path;

/// Inputs of each model.
const INPUTS: usize = 20;

fn main() -> kerust::Result<()> {
    let folder = std::env::args().nth(1).expect("usage: prepare FOLDER");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;

    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/fashion_mnist");
    let (train, test) = datasets::fashion_mnist::load_from(root)?;
    let mut model = Fashion::new(Seed(1)).compile(
        Adam::new(0.001),
        SparseCategoricalCrossentropy,
        Accuracy,
    );
    model.fit(&train, Fit::epochs(3).batch_size(64))?;
    println!("fashion: {}", model.evaluate(&test)?);
    let images: Vec<f32> = (0..INPUTS)
        .flat_map(|i| test.input(i).as_slice().to_vec())
        .collect();
    write(folder, "fashion", model.weights(), &images)?;

    let mut random = Seed(7).rng();
    let mut draw = |len: usize, from: f32, to: f32| -> Vec<f32> {
        (0..INPUTS * len).map(|_| random.random_range(from..to)).collect()
    };
    let autoencoder: Box<Autoencoder> = published("ad/ad01.h5")?;
    write(folder, "autoencoder", autoencoder.as_slice(), &draw(640, -10.0, 10.0))?;
    let resnet8: Box<ResNet8> = published("ic/pretrainedResnet.h5")?;
    write(folder, "resnet8", resnet8.as_slice(), &draw(3072, 0.0, 255.0))
}

/// The published weights, or fresh ones.
fn published<M: Model + Workflow>(file: &str) -> kerust::Result<Box<M>> {
    let Some(mlperf) = std::env::var_os("KERUST_MLPERF") else {
        println!("SKIPPED: the weights of {file}: set KERUST_MLPERF to MLPerf Tiny's folder; {} gets random ones", M::NAME);
        return Ok(M::new(Seed(1)));
    };
    kerust::weights::keras::load(Path::new(&mlperf).join(file))
}

fn write(folder: &Path, name: &str, weights: &[f32], inputs: &[f32]) -> kerust::Result<()> {
    for (kind, values) in [("weights", weights), ("inputs", inputs)] {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(folder.join(format!("{name}.{kind}")), bytes)?;
    }
    Ok(())
}
