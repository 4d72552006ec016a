//! Expected help: write a recurrent layer.
use kerust::model;

model! {
    pub Net:
        Input(24, 2)
        => Bidirectional(Dense(8))
        => Dense(1)
}

fn main() {}
