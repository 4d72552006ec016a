//! Expected help: `same`, and `Flatten`: two mistakes.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, padding = smae)
        => MaxPooling2D(2)
        => Dense(3)
}

fn main() {}
