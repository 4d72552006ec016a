//! Expected help: put the `let` before it.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let joined = Concatenate(x, later) => Dense(3);
        let later = x => Dense(2);
        (joined, later)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
