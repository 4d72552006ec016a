//! Expected help: equal shapes.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = Input(5);
        let a = x => Dense(3, name = tower);
        let b = y => tower;
        (a, b)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
