//! Expected help: did you mean `ram`?.
use kerust::model;

model! {
    #[budget(rom = 32 KiB)]
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

fn main() {}
