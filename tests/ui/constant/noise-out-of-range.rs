//! Expected help: 0 to 1.
use kerust::model;

const STDDEV: f32 = 0.1;

model! {
    pub Net:
        Input(4)
        => GaussianNoise(-STDDEV)
        => Dense(3)
}

fn main() {}
