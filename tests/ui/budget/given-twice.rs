//! Expected help: remove one of the two.
use kerust::model;

model! {
    #[budget(ram = 64 KiB, flash = 4 MiB, ram = 48 KiB)]
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

fn main() {}
