//! Expected help: a divisor of 6.
use kerust::model;

model! {
    pub Net:
        Input(5, 5, 6)
        => Conv2D(8, 3x3, groups = 4)
}

fn main() {}
