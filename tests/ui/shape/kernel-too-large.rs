//! Expected help: `same`, or at most 5x5.
use kerust::model;

model! {
    pub Net:
        Input(5, 5, 16)
        => Conv2D(32, 7x7, valid)
}

fn main() {}
