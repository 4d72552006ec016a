//! Expected help: name its output.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let y = x => Dense(3);
        (x, y)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
