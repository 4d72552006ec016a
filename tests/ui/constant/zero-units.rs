//! Expected help: at least 1.
use kerust::model;

const UNITS: usize = 0;

model! {
    pub Net:
        Input(4)
        => Dense(UNITS, relu)
        => Dense(3)
}

fn main() {}
