//! Expected help: name the sizes.
use kerust::model;

model! {
    #[weights("other-shape.safetensors")]
    pub Net<const CLASSES: usize>: Input(4) => Dense(CLASSES, softmax)
}

fn main() {}
