//! Expected help: 1 to 4 sizes.
use kerust::model;

model! {
    pub Net:
        Input(2, 3, 4, 5, 6)
        => Flatten
}

fn main() {}
