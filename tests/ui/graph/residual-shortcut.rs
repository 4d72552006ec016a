//! Expected help: equal strides.
use kerust::model;

model! {
    pub Net {
        let x = Input(8, 8, 2);
        x => Residual(Conv2D(6, 3x3, same), shortcut = Conv2D(6, 1x1, strides = 2)) => Flatten
    }
}

fn main() {
    let _ = Net::PARAMS;
}
