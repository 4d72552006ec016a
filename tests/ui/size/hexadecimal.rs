//! Expected help: `0x` is hexadecimal.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 0x3)
}

fn main() {}
