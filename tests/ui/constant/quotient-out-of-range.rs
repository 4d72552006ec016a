//! Expected help: 0 to 1.
use kerust::model;

const HALVES: usize = 2;

model! {
    pub Net:
        Input(4)
        => Dropout(3 / HALVES)
        => Dense(3)
}

fn main() {}
