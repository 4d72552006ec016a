//! Expected help: copy the whole file.
use kerust::model;

model! {
    #[weights("truncated.safetensors")]
    pub Net: Input(4) => Dense(3, softmax)
}

fn main() {
    Net::trained();
}
