//! Expected help: give both the same size.
use kerust::model;

const UNITS: usize = 3;

model! {
    pub Net: Input(4) => Residual(Dense(UNITS)) => Dense(2)
}

fn main() {
    let _ = Net::PARAMS;
}
