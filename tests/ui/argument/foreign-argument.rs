//! Expected help: the parameters of `Dense`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, padding = same)
}

fn main() {}
