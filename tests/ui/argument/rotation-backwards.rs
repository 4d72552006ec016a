//! Expected help: lower angle first.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => RandomRotation(0.2, -0.2)
        => Flatten
        => Dense(3)
}

fn main() {}
