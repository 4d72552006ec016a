//! Expected: a folder of images gives images, the model takes a vector.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let train = ImageFolder::open("train").load().unwrap();
    let mut model =
        Ten::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&train, Fit::epochs(1)).unwrap();
}
