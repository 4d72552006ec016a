//! Expected help: the number.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense("64")
        => Dense(3)
}

fn main() {}
