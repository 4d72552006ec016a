//! Expected help: no space.
use kerust::model;

model! {
    pub Net: Input(4) = > Dense(3)
}

fn main() {}
