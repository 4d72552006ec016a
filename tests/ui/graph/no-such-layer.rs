//! Expected help: did you mean.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = Input(4);
        let a = x => Dense(3, name = tower);
        let b = y => towr;
        (a, b)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
