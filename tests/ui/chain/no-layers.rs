//! Expected help: add a layer.
use kerust::model;

model! {
    pub Net: Input(4)
}

fn main() {}
