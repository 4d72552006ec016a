//! Expected help: a shortcut with as many channels.
use kerust::model;

model! {
    pub Net {
        let x = Input(8, 8, 2);
        x => Residual(Conv2D(6, 3x3, same)) => Flatten
    }
}

fn main() {
    let _ = Net::PARAMS;
}
