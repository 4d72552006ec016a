//! Expected help: the figures to write.
use kerust::model;

model! {
    #[budget(flash = 100 B, ram = 4 kB, macs = 500_000)]
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

fn main() {}
