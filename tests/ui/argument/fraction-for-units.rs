//! Expected help: a whole number.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(1.5)
}

fn main() {}
