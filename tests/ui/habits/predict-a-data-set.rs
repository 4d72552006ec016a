//! Expected: `predict_all` for a data set.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let data: Dataset<Rank1<4>, Class<10>> =
        Dataset::generate(8, |i| ([0.0; 4].into(), Class::new(i)));
    let model =
        Ten::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    let _ = model.predict(&data);
}
