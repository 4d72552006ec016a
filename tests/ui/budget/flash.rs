//! Expected help: smaller, or the figure to write.
use kerust::model;

model! {
    #[budget(flash = 1.5 MiB)]
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

fn main() {}
