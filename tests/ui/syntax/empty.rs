//! Expected help: write a model.
use kerust::model;

model! {}

fn main() {}
