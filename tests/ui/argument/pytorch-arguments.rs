//! Expected help: Keras's names.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(in_channels = 1, out_channels = 8, kernel_size = 3)
        => Flatten
        => Dense(3)
}

fn main() {}
