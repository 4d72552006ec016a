//! Expected help: a fraction of a turn.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => RandomRotation(30)
        => Flatten
        => Dense(3)
}

fn main() {}
