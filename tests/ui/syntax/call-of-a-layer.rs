//! Expected help: its input comes before it.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = x => Dense(64)(x);
        y
    }
}

fn main() {}
