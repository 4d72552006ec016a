//! Expected help: it is Keras's, and not there yet.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => ConvLSTM1D(32, 3)
        => Dense(3)
}

fn main() {}
