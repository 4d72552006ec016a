//! Expected help: what Dense takes.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, padding = same)
}

fn main() {}
