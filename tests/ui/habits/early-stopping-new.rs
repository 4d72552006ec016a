//! Expected: `EarlyStopping::monitor("val_loss")` in place of `new`.
use kerust::prelude::*;

fn main() {
    let _ = EarlyStopping::new().patience(3);
}
