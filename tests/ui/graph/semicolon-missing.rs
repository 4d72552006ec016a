//! Expected help: end it with `;`.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = x => Dense(3)
        let z = y => Dense(2);
        z
    }
}

fn main() {
    let _ = Net::PARAMS;
}
