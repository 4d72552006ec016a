//! Expected help: the name alone.
use kerust::model;

model! {
    pub struct Net: Input(4) => Dense(3)
}

fn main() {}
