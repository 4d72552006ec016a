//! Expected help: `Dense`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dnese(3)
}

fn main() {}
