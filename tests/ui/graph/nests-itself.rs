//! Expected help: write its layers.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        x => Net => Dense(3)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
