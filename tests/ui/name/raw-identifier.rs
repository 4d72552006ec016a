//! Expected help: `type_`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(3, name = r#type)
}

fn main() {}
