//! Expected help: at most one -1.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Reshape(-1, -1)
}

fn main() {}
