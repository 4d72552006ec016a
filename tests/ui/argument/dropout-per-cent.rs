//! Expected help: a fraction.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dropout(50)
        => Dense(3)
}

fn main() {}
