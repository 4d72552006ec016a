//! Expected help: at least once.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        x => Repeat(0, Dense(4)) => Dense(2)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
