//! Expected help: one fault, not one for each repetition.
use kerust::model;

model! {
    pub Net {
        let x = Input(5, 5, 2);
        x => Repeat(3, Conv2D(2, 3x3)) => Flatten
    }
}

fn main() {
    let _ = Net::PARAMS;
}
