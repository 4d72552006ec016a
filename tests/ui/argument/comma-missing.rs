//! Expected help: the comma.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(64 relu)
        => Dense(3)
}

fn main() {}
