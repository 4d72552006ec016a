//! Computes the expected outputs of the models on this machine: `answer SUFFIX` writes
//! `generated/NAME.SUFFIX`.

use kerust::Arena;
use kerust::Model;
use kerust::element::Element;
use kerust::tensor::{StaticShape, Tensor};
use kerust_firmware::fashion::Fashion;
use kerust_firmware::fashion_int8::FashionInt8;
use kerust_firmware::models::{
    Autoencoder, AutoencoderInt8, Catalogue, KeywordsInt8, KeywordsLstm, ResNet8, ResNet8Int8,
    Transformer,
};
use kerust_firmware::trained::{
    AUTOENCODER, AUTOENCODER_INT8, CATALOGUE, FASHION_INT8, KEYWORDS_INT8, KEYWORDS_LSTM, RESNET8,
    RESNET8_INT8, TRANSFORMER,
};

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
    answer("catalogue", &suffix, &CATALOGUE, Catalogue::predict_in)?;
    answer(
        "keywords_lstm",
        &suffix,
        &KEYWORDS_LSTM,
        KeywordsLstm::predict_in,
    )?;
    answer(
        "transformer",
        &suffix,
        &TRANSFORMER,
        Transformer::predict_in,
    )?;
    answer(
        "fashion_int8",
        &suffix,
        &FASHION_INT8,
        FashionInt8::predict_in,
    )?;
    answer(
        "autoencoder_int8",
        &suffix,
        &AUTOENCODER_INT8,
        AutoencoderInt8::predict_in,
    )?;
    answer(
        "resnet8_int8",
        &suffix,
        &RESNET8_INT8,
        ResNet8Int8::predict_in,
    )?;
    answer(
        "keywords_int8",
        &suffix,
        &KEYWORDS_INT8,
        KeywordsInt8::predict_in,
    )
}

fn answer<M: Model, X: StaticShape, T: Number, Y: StaticShape, U: Number>(
    name: &str,
    suffix: &str,
    model: &M,
    predict: impl Fn(&M, &Tensor<X, T>, &mut Arena<M>) -> Tensor<Y, U>,
) -> std::io::Result<()> {
    let (mut arena, mut input) = (Arena::new(), Tensor::zeroed());
    paint(&mut arena);
    let mut outputs = Vec::new();
    let inputs = std::fs::read(format!("generated/{name}.inputs"))?;
    for sample in inputs.chunks_exact(size_of::<T>() * X::LEN) {
        let bytes = sample.chunks_exact(size_of::<T>());
        for (value, bytes) in input.as_mut_slice().iter_mut().zip(bytes) {
            *value = T::read(bytes);
        }
        let output = predict(model, &input, &mut arena);
        output
            .as_slice()
            .iter()
            .for_each(|value| value.write(&mut outputs));
    }
    // The workstation's convolutions and recurrent layers use separate scratch, and only a machine with DSP instructions widens the patches of
    // 8-bit convolutions.
    let unused = paint(&mut arena);
    if unused > 0 && cfg!(not(feature = "workstation")) && !name.ends_with("_int8") {
        panic!("{unused} values in the arena of {name} were never written");
    }
    std::fs::write(format!("generated/{name}.{suffix}"), outputs)
}

/// A number of a file.
trait Number: Element {
    fn read(bytes: &[u8]) -> Self;
    fn write(self, bytes: &mut Vec<u8>);
}

impl Number for f32 {
    fn read(bytes: &[u8]) -> Self {
        Self::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Number for u16 {
    fn read(bytes: &[u8]) -> Self {
        Self::from_le_bytes([bytes[0], bytes[1]])
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Number for i8 {
    fn read(bytes: &[u8]) -> Self {
        Self::from_le_bytes([bytes[0]])
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

/// Fills an arena with NaNs that no arithmetic makes, and counts those that stood there.
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
