//! Expected help: a size.
use kerust::model;

model! {
    pub Net:
        Input(shape = (None, 28))
        => Flatten
        => Dense(3)
}

fn main() {}
