//! Expected help: begin with `Input`.
use kerust::model;

model! {
    pub Net:
}

fn main() {}
