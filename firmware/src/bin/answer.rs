//! Computes the expected outputs of the models on this machine: `answer SUFFIX` writes
//! `generated/NAME.SUFFIX`.

use kerust::Arena;
use kerust::Model;
use kerust::tensor::{Shape, Tensor};
use kerust_firmware::fashion::Fashion;
use kerust_firmware::models::{Autoencoder, Catalogue, ResNet8};
use kerust_firmware::trained::{AUTOENCODER, CATALOGUE, RESNET8};

fn main() -> std::io::Result<()> {
    let suffix = std::env::args().nth(1).expect("usage: answer SUFFIX");
    answer("fashion", &suffix, Fashion::trained(), Fashion::predict_in)?;
    answer(
        "autoencoder",
        &suffix,
        &AUTOENCODER,
        Autoencoder::predict_in,
    )?;
    answer("resnet8", &suffix, &RESNET8, ResNet8::predict_in)?;
    answer("catalogue", &suffix, &CATALOGUE, Catalogue::predict_in)
}

fn answer<M: Model, X: Shape, Y: Shape>(
    name: &str,
    suffix: &str,
    model: &M,
    predict: impl Fn(&M, &Tensor<X>, &mut Arena<M>) -> Tensor<Y>,
) -> std::io::Result<()> {
    let (mut arena, mut input) = (Arena::new(), Tensor::zeroed());
    paint(&mut arena);
    let mut outputs = Vec::new();
    let inputs = std::fs::read(format!("generated/{name}.inputs"))?;
    for sample in inputs.chunks_exact(4 * X::LEN) {
        for (value, bytes) in input.as_mut_slice().iter_mut().zip(sample.as_chunks().0) {
            *value = f32::from_le_bytes(*bytes);
        }
        let output = predict(model, &input, &mut arena);
        outputs.extend(
            output
                .as_slice()
                .iter()
                .flat_map(|value| value.to_le_bytes()),
        );
    }
    // The workstation's convolutions use separate scratch.
    let unused = paint(&mut arena);
    if unused > 0 && cfg!(not(feature = "workstation")) {
        panic!("{unused} values in the arena of {name} were never written");
    }
    std::fs::write(format!("generated/{name}.{suffix}"), outputs)
}

/// Fills an arena with NaNs that no computation produces, and returns how many of them were left before.
fn paint<M: Model>(arena: &mut Arena<M>) -> usize {
    const PAINT: f32 = f32::from_bits(0x7fa1_2345);
    // SAFETY: an arena is as many `f32`s as its size says.
    let values = unsafe {
        std::slice::from_raw_parts_mut(
            std::ptr::from_mut(arena).cast::<f32>(),
            size_of::<Arena<M>>() / size_of::<f32>(),
        )
    };
    let left = values
        .iter()
        .filter(|x| x.to_bits() == PAINT.to_bits())
        .count();
    values.fill(PAINT);
    left
}
