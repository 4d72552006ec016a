//! Expected help: `units = 3`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(units: 3)
}

fn main() {}
