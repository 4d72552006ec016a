//! Expected help: a model that does not lead back here.
use kerust::model;

model! {
    pub Encoder: Input(4) => Dense(4) => Decoder
}

model! {
    pub Decoder: Input(4) => Dense(4) => Encoder
}

fn main() {
    let _ = Encoder::PARAMS;
}
