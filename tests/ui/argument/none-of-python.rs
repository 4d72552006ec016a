//! Expected help: leave it out.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(64, activation = None)
        => Dense(3)
}

fn main() {}
