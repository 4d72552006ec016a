//! Expected help: a word.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, activation = "relu")
}

fn main() {}
