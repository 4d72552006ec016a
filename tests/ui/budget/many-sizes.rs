//! Expected help: name the sizes.
use kerust::model;

model! {
    #[budget(ram = 48 KiB)]
    pub Net<const CLASSES: usize>: Input(4) => Dense(CLASSES, softmax)
}

fn main() {}
