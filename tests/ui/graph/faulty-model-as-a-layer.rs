//! Expected: the fault of the inner model alone.
use kerust::model;

model! {
    pub Inner: Input(4) => Dense(0)
}

model! {
    pub Net: Input(4) => Inner => Dense(3)
}

fn main() {
    let _ = Net::PARAMS;
}
