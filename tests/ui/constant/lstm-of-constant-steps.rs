//! Expected help: take each row of the image as a step.
use kerust::model;

const ROWS: usize = 28;

model! {
    pub Net:
        Input(ROWS, 28, 1)
        => LSTM(64)
        => Dense(10)
}

fn main() {}
