//! Expected help: `true`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(64, relu, use_bias = True)
        => Dense(3)
}

fn main() {}
