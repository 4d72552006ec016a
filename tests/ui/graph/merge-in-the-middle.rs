//! Expected help: name the values.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let a = x => Dense(4);
        a => Add(x) => Dense(2)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
