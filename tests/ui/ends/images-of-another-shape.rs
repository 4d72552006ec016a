//! Expected: the shape of MNIST's images is not the shape of the model's input.
use kerust::prelude::*;

model! { pub Small: Input(14, 14, 1) => Flatten => Dense(10, softmax) }

fn main() {
    let (train, _) = datasets::mnist::load().unwrap();
    let mut model =
        Small::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&train, Fit::epochs(1)).unwrap();
}
