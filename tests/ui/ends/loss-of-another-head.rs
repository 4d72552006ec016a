//! Expected: the loss that does not fit the head, and those that do; no second error at `fit`.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let data: Dataset<Rank1<4>, Class<10>> =
        Dataset::generate(8, |i| ([0.0; 4].into(), Class::new(i)));
    let mut model = Ten::new(Seed(1)).compile(Adam::new(0.001), BinaryCrossentropy, Accuracy);
    model.fit(&data, Fit::epochs(1)).unwrap();
}
