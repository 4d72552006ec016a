//! Expected help: before `Flatten`.
use kerust::model;

model! {
    pub Net:
        Input(784)
        => MaxPooling2D(2)
}

fn main() {}
