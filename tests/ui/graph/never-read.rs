//! Expected help: read it or remove it.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let unused = x => Dense(2);
        x => Dense(3)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
