//! Expected help: a value.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, activation =)
}

fn main() {}
