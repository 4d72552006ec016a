//! Expected help: remove it.
use kerust::model;

model! {
    #[budget(ram = 48 KiB)]
    pub Net: Input(4) => Dense(3)
}

fn main() {}
