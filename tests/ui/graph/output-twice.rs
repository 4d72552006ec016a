//! Expected help: remove one.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = x => Dense(3);
        (y, y)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
