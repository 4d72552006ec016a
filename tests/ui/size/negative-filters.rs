//! Expected help: at least 1.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(-8, 3x3)
        => Flatten
        => Dense(3)
}

fn main() {}
