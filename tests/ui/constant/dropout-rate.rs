//! Expected help: 0 to 1.
use kerust::model;

const RATE: f32 = 1.5;

model! {
    pub Net:
        Input(4)
        => Dropout(RATE)
        => Dense(3)
}

fn main() {}
