//! What the models answer here: `expect FOLDER SUFFIX` writes `FOLDER/NAME.SUFFIX`.
//!
//! With the feature `host` by the workstation's kernels; without it by those that every target has.

use kerust::layer::LayerData;
use kerust::tensor::{Shape, Tensor};
use kerust::{Arena, Model};
use kerust_firmware::models::{Autoencoder, Fashion, ResNet8};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(suffix)) = (arguments.next(), arguments.next()) else {
        panic!("usage: expect FOLDER SUFFIX");
    };
    let folder = Path::new(&folder);
    answer("fashion", folder, &suffix, Fashion::predict_in)?;
    answer("autoencoder", folder, &suffix, Autoencoder::predict_in)?;
    answer("resnet8", folder, &suffix, ResNet8::predict_in)
}

fn answer<M: Model, X: Shape, Y: Shape>(
    name: &str,
    folder: &Path,
    suffix: &str,
    predict: impl Fn(&M, &Tensor<X>, &mut Arena<M>) -> Tensor<Y>,
) -> std::io::Result<()> {
    let mut model = zeroed::<M>();
    let weights = values(&folder.join(format!("{name}.weights")))?;
    model.as_mut_slice().copy_from_slice(&weights);
    let mut arena = Box::new(Arena::new());
    let mut outputs = Vec::new();
    let mut input = Tensor::zeroed();
    for values in values(&folder.join(format!("{name}.inputs")))?.chunks_exact(X::LEN) {
        input.as_mut_slice().copy_from_slice(values);
        let output = predict(&model, &input, &mut arena);
        outputs.extend(output.as_slice().iter().flat_map(|value| value.to_le_bytes()));
    }
    std::fs::write(folder.join(format!("{name}.{suffix}")), outputs)
}

fn zeroed<M: LayerData>() -> Box<M> {
    // SAFETY: `LayerData` promises that any numbers are valid.
    unsafe { Box::new_zeroed().assume_init() }
}

fn values(path: &Path) -> std::io::Result<Vec<f32>> {
    let bytes = std::fs::read(path)?;
    let values = bytes.as_chunks().0.iter();
    Ok(values.map(|bytes| f32::from_le_bytes(*bytes)).collect())
}
