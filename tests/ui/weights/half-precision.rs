//! Expected help: save it.
use kerust::model;

model! {
    #[weights("half-precision.safetensors")]
    pub Net: Input(4) => Dense(3, softmax)
}

fn main() {
    Net::trained();
}
