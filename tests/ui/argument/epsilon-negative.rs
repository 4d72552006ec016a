//! Expected help: at least 0.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => BatchNormalization(epsilon = -1)
        => Dense(3)
}

fn main() {}
