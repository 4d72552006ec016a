//! Expected help: `relu`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(8, rellu)
        => Dense(3)
}

fn main() {}
