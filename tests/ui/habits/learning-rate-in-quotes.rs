//! Expected: a number or a schedule for a learning rate.
use kerust::prelude::*;

fn main() {
    let _ = Adam::new("0.001");
}
