//! Expected help: name the output.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = x => Dense(3);
    }
}

fn main() {
    let _ = Net::PARAMS;
}
