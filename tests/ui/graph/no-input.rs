//! Expected help: write `Input`.
use kerust::model;

model! {
    pub Net {
        let y = Dense(3);
        y
    }
}

fn main() {
    let _ = Net::PARAMS;
}
