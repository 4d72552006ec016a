//! Expected help: a trained model saves such a file.
use kerust::model;

model! {
    #[weights("file-missing.safetensors")]
    pub Net: Input(4) => Dense(3, softmax)
}

fn main() {
    Net::trained();
}
