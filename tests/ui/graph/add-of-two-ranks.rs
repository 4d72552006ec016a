//! Expected help: give both the same rank.
use kerust::model;

model! {
    pub Net {
        let x = Input(8, 8, 2);
        let a = x => Conv2D(4, 1x1);
        let b = a => GlobalAveragePooling2D;
        Add(a, b) => Flatten
    }
}

fn main() {
    let _ = Net::PARAMS;
}
