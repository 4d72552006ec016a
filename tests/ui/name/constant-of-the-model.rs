//! Expected help: another name.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, name = training)
}

fn main() {}
