//! Expected help: `random_normal`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(64, kernel_initializer = RandomNormal())
        => Dense(3)
}

fn main() {}
