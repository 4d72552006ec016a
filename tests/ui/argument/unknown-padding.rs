//! Expected help: `same`.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, padding = smae)
}

fn main() {}
