//! Expected help: a colon after the name.
use kerust::model;

model! {
    pub Net Input(4) => Dense(3)
}

fn main() {}
