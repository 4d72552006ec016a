//! Expected help: write `same`, or a kernel of at most 24.
use kerust::model;

model! {
    pub Net:
        Input(24, 2)
        => Conv1D(8, 25)
        => GlobalMaxPooling1D
}

fn main() {}
