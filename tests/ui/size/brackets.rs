//! Expected help: `3x3`.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(8, kernel_size = [3, 3])
        => Flatten
        => Dense(3)
}

fn main() {}
