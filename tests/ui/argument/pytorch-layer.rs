//! Expected help: `Dense`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => nn.Linear(4, 64)
        => Dense(3)
}

fn main() {}
