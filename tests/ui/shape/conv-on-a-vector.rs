//! Expected help: before `Flatten`.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Flatten
        => Conv2D(10, 3x3)
}

fn main() {}
