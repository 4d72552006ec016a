//! Expected help: its own name.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(8)
        => Dense(3, name = dense)
}

fn main() {}
