//! Expected help: const arguments.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Affine(3)
        => Dense(3)
}

fn main() {}
