//! Expected help: the dilated window.
use kerust::model;

model! {
    pub Net:
        Input(5, 5, 16)
        => Conv2D(32, 3x3, dilation_rate = 3)
}

fn main() {}
