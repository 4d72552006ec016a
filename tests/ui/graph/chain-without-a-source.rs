//! Expected help: begin with a value.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = Dense(3) => Dense(2);
        let z = x => Dense(2);
        (y, z)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
