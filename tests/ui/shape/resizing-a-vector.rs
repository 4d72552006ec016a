//! Expected help: an image.
use kerust::model;

model! {
    pub Net:
        Input(784)
        => Resizing(28, 28)
        => Flatten
        => Dense(3)
}

fn main() {}
