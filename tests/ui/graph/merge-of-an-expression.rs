//! Expected help: name it before.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        Add(x, Dense(4))
    }
}

fn main() {
    let _ = Net::PARAMS;
}
