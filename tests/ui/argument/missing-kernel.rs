//! Expected help: `Conv2D(32, 3x3)`.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10)
}

fn main() {}
