//! Expected help: remove the arrow.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3)
        => 
}

fn main() {}
