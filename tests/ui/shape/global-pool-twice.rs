//! Expected help: an image.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => GlobalAveragePooling2D
        => GlobalAveragePooling2D
}

fn main() {}
