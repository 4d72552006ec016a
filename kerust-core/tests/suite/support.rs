//! Models and their training data.

use kerust::model;
use kerust_core::data::{Binary, Class, Dataset};
use kerust_core::rng::Seed;
use kerust_core::tensor::{Rank1, Tensor};
use rand::RngExt;

model! { pub Xor: Input(2) => Dense(8, tanh) => Dense(1, sigmoid) }
model! { pub Linear: Input(2) => Dense(3) => Dense(1) }
model! { pub Mlp: Input(20) => Dense(32, relu) => Dense(1, sigmoid) }
model! { pub Noisy: Input(20) => GaussianNoise(0.1) => Dense(32, relu) => Dense(3, softmax) }
model! { pub Wide: Input(300) => Dense(200, relu) => Dense(3, softmax) }
model! { pub Huge: Input(3000) => Dense(3334, relu) => Dense(1, sigmoid) }

/// The four cases of exclusive or.
pub fn xor() -> Dataset<Rank1<2>, Binary> {
    Dataset::generate(4, |case| {
        let (a, b) = (case & 1, case >> 1);
        (Tensor::from([a as f32, b as f32]), (a != b).into())
    })
}

/// Points in three classes, by the third of the range that contains their sum.
pub fn thirds<const N: usize>(count: usize) -> Dataset<Rank1<N>, Class<3>> {
    let mut rng = Seed(7).rng();
    Dataset::generate(count, |_| {
        let x = Tensor::<Rank1<N>>::from_fn(|_| rng.random());
        let mean = x.as_slice().iter().sum::<f32>() / N as f32;
        let spread = (N as f32 * 12.0).sqrt();
        let class = ((mean - 0.5) * spread * 1.2 + 1.5).clamp(0.0, 2.9) as usize;
        (x, Class::new(class))
    })
}
