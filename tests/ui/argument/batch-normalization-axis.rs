//! Expected help: the last axis.
use kerust::model;

model! {
    pub Net: Input(8, 8, 3) => Conv2D(4, 3x3) => BatchNormalization(axis = 1) => Flatten => Dense(2)
}

fn main() {
    let _ = Net::PARAMS;
}
