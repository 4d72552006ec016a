//! Expected help: which initializer.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, he_normal)
}

fn main() {}
