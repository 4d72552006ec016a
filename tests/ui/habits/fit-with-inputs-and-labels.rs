//! Expected: a data set in place of inputs and labels.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let (x, y) = (vec![[0.0; 4]; 8], vec![1; 8]);
    let mut model =
        Ten::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&x, &y, Fit::epochs(1)).unwrap();
}
