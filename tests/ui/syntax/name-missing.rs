//! Expected help: a name.
use kerust::model;

model! {
    pub : Input(4) => Dense(3)
}

fn main() {}
