//! Expected help: begin with `let`.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        y = x => Dense(3);
        x => Dense(2)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
