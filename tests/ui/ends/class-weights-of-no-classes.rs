//! Expected: labels that are numbers have no classes.
use kerust::prelude::*;

model! { pub Two: Input(4) => Dense(2) }

fn main() {
    let data: Dataset<Rank1<4>, Rank1<2>> =
        Dataset::generate(8, |_| ([0.0; 4].into(), [0.0; 2].into()));
    let mut model = Two::new(Seed(1)).compile(Adam::new(0.001), MeanSquaredError, ());
    let _ = model.fit(&data, Fit::epochs(1).class_weight([1.0, 2.0]));
}
