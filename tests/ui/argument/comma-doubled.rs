//! Expected help: remove the comma.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3,, relu)
}

fn main() {}
