//! Expected help: fewer outputs.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let a = x => Dense(1);
        let b = x => Dense(1);
        let c = x => Dense(1);
        let d = x => Dense(1);
        let e = x => Dense(1);
        (a, b, c, d, e)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
