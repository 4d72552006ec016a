//! Expected: labels `Binary` found, `Class<10>` expected, on the data set.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let data: Dataset<Rank1<4>, Binary> = Dataset::generate(8, |_| ([0.0; 4].into(), true.into()));
    let mut model =
        Ten::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&data, Fit::epochs(1)).unwrap();
}
