//! Expected: the loss inside the tuple that does not fit its head.
use kerust::prelude::*;

model! {
    pub Two {
        let x = Input(4) => Dense(8, relu);
        let class = x => Dense(3, softmax);
        let offset = x => Dense(2);
        (class, offset)
    }
}

fn main() {
    let model = Two::new(Seed(1));
    let _ = model.compile(
        Adam::new(0.001),
        (SparseCategoricalCrossentropy, BinaryCrossentropy),
        (Accuracy, MeanAbsoluteError),
    );
}
