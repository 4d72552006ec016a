//! Expected help: `Conv2D`.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2d(10, 3x3, same)
        => Flatten
        => Dense(3)
}

fn main() {}
