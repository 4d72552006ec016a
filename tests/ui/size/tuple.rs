//! Expected help: rows and columns.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, (3, 3, 1))
}

fn main() {}
