//! Expected: `.callback(..)`, once for each.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let data: Dataset<Rank1<4>, Class<10>> =
        Dataset::generate(8, |i| ([0.0; 4].into(), Class::new(i)));
    let mut model =
        Ten::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    let fit = Fit::epochs(1).callbacks(vec![EarlyStopping::monitor("loss")]);
    model.fit(&data, fit).unwrap();
}
