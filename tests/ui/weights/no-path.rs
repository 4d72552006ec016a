//! Expected help: in quotation marks.
use kerust::model;

model! {
    #[weights(net)]
    pub Net: Input(4) => Dense(3, softmax)
}

fn main() {
    Net::trained();
}
