//! The first model of every Keras course: images of rank 2, flattened, two dense layers; then a
//! picture of what it makes of the test images. `KERUST_DATASETS=data` picks the repository's
//! subset.
use kerust::picture::PredictionGrid;
use kerust::prelude::*;

model! {
    pub Course: Input(28, 28) => Rescaling(1.0 / 255.0) => Flatten => Dense(128, relu) => Dense(10, softmax)
}

fn main() -> kerust::Result<()> {
    let (train, test) = datasets::fashion_mnist::load()?;
    let mut model =
        Course::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&train, Fit::epochs(10))?;
    println!("{}", model.evaluate(&test)?);
    Ok(())
}
