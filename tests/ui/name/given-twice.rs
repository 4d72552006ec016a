//! Expected help: its own name.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(8, name = sign)
        => Dense(3, name = sign)
}

fn main() {}
