//! Expected help: one channel.
use kerust::model;

model! {
    pub Net:
        Input(28, 28)
        => Conv2D(10, 3x3)
}

fn main() {}
