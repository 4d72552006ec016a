//! Expected help: write the first name.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = x;
        y => Dense(3)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
