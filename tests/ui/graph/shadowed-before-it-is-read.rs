//! Expected help: remove the first.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let a = x => Dense(2);
        let a = x => Dense(3);
        a
    }
}

fn main() {
    let _ = Net::PARAMS;
}
