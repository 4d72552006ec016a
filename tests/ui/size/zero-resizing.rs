//! Expected help: at least 1.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Resizing(0, 28)
        => Flatten
}

fn main() {}
