//! Expected help: at least 1.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, strides = 0)
}

fn main() {}
