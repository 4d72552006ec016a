//! Expected help: an existing axis.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        let a = x => Dense(2);
        Concatenate(x, a, axis = 0)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
