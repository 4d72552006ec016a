//! Expected help: `activation`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, activaton = relu)
}

fn main() {}
