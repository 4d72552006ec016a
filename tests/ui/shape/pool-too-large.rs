//! Expected help: at most 3x3.
use kerust::model;

model! {
    pub Net:
        Input(5, 5, 16)
        => Conv2D(32, 3x3)
        => MaxPooling2D(4)
}

fn main() {}
