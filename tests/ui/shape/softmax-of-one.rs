//! Expected help: `sigmoid`.
use kerust::model;

model! {
    pub Net:
        Input(20)
        => Dense(1, softmax)
}

fn main() {}
