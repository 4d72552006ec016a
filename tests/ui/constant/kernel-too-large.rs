//! Expected help: `same`.
use kerust::model;

const SIZE: usize = 5;

model! {
    pub Net:
        Input(SIZE, SIZE, 3)
        => Conv2D(10, 7x7)
        => GlobalAveragePooling2D
}

fn main() {}
