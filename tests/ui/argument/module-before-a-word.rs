//! Expected help: the word alone.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(64, activations.relu)
        => Dense(3)
}

fn main() {}
