//! Expected help: the layers themselves.
use kerust::model;

model! {
    pub Net: Sequential([Input(4), Dense(3)])
}

fn main() {}
