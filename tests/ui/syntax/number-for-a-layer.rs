//! Expected help: a layer.
use kerust::model;

model! {
    pub Net: Input(4) => 3
}

fn main() {}
