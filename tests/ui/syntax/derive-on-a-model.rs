//! Expected help: remove it.
use kerust::model;

model! {
    #[derive(Clone)]
    pub Net: Input(4) => Dense(3)
}

fn main() {}
