//! Expected help: `true` or `false`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, use_bias = 1)
}

fn main() {}
