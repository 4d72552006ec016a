//! Expected help: write `valid` or `same`.
use kerust::model;

model! {
    pub Net:
        Input(24, 2)
        => MaxPooling1D(2, padding = causal)
        => GlobalMaxPooling1D
}

fn main() {}
