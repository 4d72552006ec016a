//! Expected help: give both the same size.
use kerust::model;

model! {
    pub Net {
        let x = Input(8, 8, 2);
        let a = x => Conv2D(4, 3x3);
        Concatenate(x, a) => Flatten
    }
}

fn main() {
    let _ = Net::PARAMS;
}
