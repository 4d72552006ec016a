//! Expected help: smaller layers, or the figure to write.
use kerust::model;

const UNITS: usize = 40;

model! {
    Encoder: Input(64) => Dense(UNITS, relu) => Dense(8)
}

model! {
    #[budget(flash = 24 kB)]
    pub Net:
        Input(64)
        => Dense(64, relu, name = first)
        => Encoder
        => Dense(3, softmax)
}

fn main() {}
