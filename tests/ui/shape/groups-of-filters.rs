//! Expected help: a divisor of 9.
use kerust::model;

model! {
    pub Net:
        Input(5, 5, 6)
        => Conv2D(9, 3x3, groups = 2)
}

fn main() {}
