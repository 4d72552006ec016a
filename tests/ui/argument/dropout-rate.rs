//! Expected help: 0 to 1.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dropout(1.5)
        => Dense(3)
}

fn main() {}
