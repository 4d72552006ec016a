//! Expected help: take each row of the image as a step.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => LSTM(64)
        => Dense(10)
}

fn main() {}
