//! Expected: the validation data's shape, on the validation data.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let data: Dataset<Rank1<4>, Class<10>> =
        Dataset::generate(8, |i| ([0.0; 4].into(), Class::new(i)));
    let other: Dataset<Rank1<5>, Class<10>> =
        Dataset::generate(8, |i| ([0.0; 5].into(), Class::new(i)));
    let mut model =
        Ten::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&data, Fit::epochs(1).validation_data(&other)).unwrap();
}
