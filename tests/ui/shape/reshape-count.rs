//! Expected help: sizes whose product is 784.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Reshape(28, 27)
}

fn main() {}
