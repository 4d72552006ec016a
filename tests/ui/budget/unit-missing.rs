//! Expected help: write the unit.
use kerust::model;

model! {
    #[budget(ram = 32768)]
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

fn main() {}
