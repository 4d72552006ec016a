//! Writes the seeds that kerust itself writes: `cargo run --example seeds`.

use kerust::prelude::*;
use kerust_fuzz::{Normalized, Tiny};

fn main() -> kerust::Result<()> {
    for folder in ["seeds/safetensors", "seeds/state"] {
        std::fs::create_dir_all(folder).expect("a folder of seeds");
    }
    Tiny::new(Seed(1)).save("seeds/safetensors/tiny")?;
    let words = Vocabulary::from_texts(["one two", "two three"], TextVectorization::new())?;
    words.save_with("seeds/safetensors/vocabulary", &*Tiny::new(Seed(1)))?;
    let data = Dataset::<Rank1<4>, Class<2>>::generate(4, |i| {
        (Tensor::from_fn(|[at]| at as f32), Class::new(i % 2))
    });
    let mut model =
        Normalized::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&data, Fit::epochs(2).verbosity(Verbosity::Quiet))?;
    model.save_state("seeds/state/trained")
}
