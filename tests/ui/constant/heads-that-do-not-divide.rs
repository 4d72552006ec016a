//! Expected help: choose a number of heads that divides the features.
use kerust::prelude::*;

const WIDTH: usize = 30;

model! {
    pub Net:
        Input(16, 30)
        => MultiHeadAttention(num_heads = 4, key_dim = WIDTH / 4)
        => GlobalAveragePooling1D
        => Dense(1)
}

fn main() {}
