//! Expected help: it is Keras's, and not there yet.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(64, relu, lora_rank = 4)
        => Dense(3)
}

fn main() {}
