//! Expected help: return the output of every step.
use kerust::model;

model! {
    pub Net:
        Input(24, 2)
        => LSTM(16)
        => LSTM(8)
        => Dense(1)
}

fn main() {}
