//! Expected help: the list.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(8, activation = step)
        => Dense(3)
}

fn main() {}
