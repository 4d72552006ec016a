//! Expected help: remove one of the two.
use kerust::model;

model! {
    #[weights("other-shape.safetensors")]
    #[weights("other-kind.safetensors")]
    pub Net: Input(4) => Dense(3, softmax)
}

fn main() {
    Net::trained();
}
