//! Expected help: remove one of the two.
use kerust::model;

model! {
    #[budget(ram = 48 KiB,, flash = 1 MiB)]
    pub Net: Input(4) => Dense(3, softmax)
}

fn main() {}
