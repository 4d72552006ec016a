//! Expected help: `3x3`.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, (3, 3))
}

fn main() {}
