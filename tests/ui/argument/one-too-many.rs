//! Expected help: remove it.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => GaussianNoise(0.2, 7)
        => Dense(3)
}

fn main() {}
