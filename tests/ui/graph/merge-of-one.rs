//! Expected help: name another value.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        Add(x) => Dense(2)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
