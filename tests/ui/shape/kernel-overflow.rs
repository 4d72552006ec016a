//! Expected help: smaller sizes.
use kerust::model;

model! {
    pub Net:
        Input(4_000_000_000)
        => Dense(4_000_000_000)
}

fn main() {}
