//! Expected help: `he_normal`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, kernel_initializer = he_norml)
}

fn main() {}
