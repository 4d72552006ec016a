//! Expected help: it is Keras's, and not there yet.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => LSTM(32)
        => Dense(3)
}

fn main() {}
