//! Expected help: write the chain.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        x => Residual => Dense(2)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
