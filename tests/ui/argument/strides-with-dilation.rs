//! Expected help: remove one.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, strides = 2, dilation_rate = 2)
}

fn main() {}
