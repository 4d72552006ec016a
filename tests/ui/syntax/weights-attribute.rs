//! Expected help: remove it.
use kerust::model;

model! {
    #[weights("net.safetensors")]
    pub Net: Input(4) => Dense(3)
}

fn main() {}
