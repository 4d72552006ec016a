//! Expected help: did you mean.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let features = x => Dense(2);
        let y = feature => Dense(3);
        (features, y)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
