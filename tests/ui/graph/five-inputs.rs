//! Expected help: fewer inputs.
use kerust::model;

model! {
    pub Net {
        let a = Input(4);
        let b = Input(4);
        let c = Input(4);
        let d = Input(4);
        let e = Input(4);
        Concatenate(a, b, c, d, e) => Dense(2)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
