//! Expected help: at least 1.
use kerust::model;

model! {
    pub Net:
        Input(28, 0, 1)
        => Flatten
}

fn main() {}
