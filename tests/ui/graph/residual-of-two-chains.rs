//! Expected help: name the shortcut.
use kerust::model;

model! {
    pub Net {
        let x = Input(4);
        x => Residual(Dense(4), Dense(4)) => Dense(2)
    }
}

fn main() {
    let _ = Net::PARAMS;
}
