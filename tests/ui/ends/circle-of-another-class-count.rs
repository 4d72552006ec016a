//! Expected: the data set, whose labels have another number of classes than the loss.
use kerust::prelude::*;

model! { pub Embedded: Input(4) => Dense(8) }

fn main() {
    let mut net = Embedded::new(Seed(1)).compile(Adam::new(0.001), Circle::<10>::new(), ());
    let data: Dataset<Rank1<4>, Class<5>> = Dataset::generate(8, |_| ([0.0; 4].into(), Class::new(0)));
    net.fit(&data, Fit::epochs(1)).unwrap();
}
