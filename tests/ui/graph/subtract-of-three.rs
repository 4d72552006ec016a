//! Expected help: subtract twice.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let a = x => Dense(4);
        let b = x => Dense(4);
        Subtract(x, a, b) => Dense(2)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
