//! Expected help: an identifier.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, name = "sign")
}

fn main() {}
