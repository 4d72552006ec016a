//! Expected help: sizes that divide 784.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Reshape(5, -1)
}

fn main() {}
