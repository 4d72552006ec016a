//! Models as `model!` would expand them, written by hand, and data to train them on.
#![allow(dead_code, missing_docs)]

use kerust_core::data::{Binary, Class, Dataset};
use kerust_core::layer::{LayerData, Layout, Operation, Part, Pass};
use kerust_core::layers::{Dense, DenseWeights};
use kerust_core::memory::{Buffer, Memory, Plan};
use kerust_core::model::{Head, HeadPass, LayerInfo, Model};
use kerust_core::rng::{Rng, Seed, Step};
use kerust_core::tensor::{Rank1, Tensor};
use rand::RngExt;

/// `Input(IN) => GaussianNoise(noise) => Dense(HIDDEN, activation) => Dense(OUT, head)`
macro_rules! two_dense {
    ($name:ident: $inputs:literal, $noise:literal, $hidden:literal $activation:ident,
     $outputs:literal $head:ident) => {
        #[repr(C)]
        pub struct $name {
            pub dense: DenseWeights<$inputs, $hidden>,
            pub dense_1: DenseWeights<$hidden, $outputs>,
        }

        // SAFETY: `repr(C)`, layer data in the order of the layout.
        unsafe impl LayerData for $name {
            const LAYOUT: Layout = Layout::Parts(&[
                Part {
                    name: "dense",
                    trainable: true,
                    layout: <DenseWeights<$inputs, $hidden> as LayerData>::LAYOUT,
                },
                Part {
                    name: "dense_1",
                    trainable: true,
                    layout: <DenseWeights<$hidden, $outputs> as LayerData>::LAYOUT,
                },
            ]);
        }

        impl $name {
            const DENSE: Dense =
                Dense::new().activation(kerust_core::activation::Activation::$activation);
            const DENSE_1: Dense = Dense::new();
            const TRAINING: Plan<5> = Plan::new(
                [
                    Buffer::new($inputs, 0, 4),
                    Buffer::new($hidden, 1, 4),
                    Buffer::new($outputs, 2, 3),
                    Buffer::new($outputs, 2, 3),
                    Buffer::new($hidden, 3, 4),
                ],
                [],
            );
            const INFERENCE: Plan<1> = Plan::new([Buffer::new($hidden, 0, 1)], []);
        }

        impl Model for $name {
            type Input = Rank1<$inputs>;
            type Heads = Head<kerust_core::activation::$head, Rank1<$outputs>>;
            type Storage = [u32; Self::INFERENCE.len()];
            const NAME: &'static str = stringify!($name);
            const HEADS: &'static [&'static str] = &[];
            const LAYERS: &'static [LayerInfo] = &[];
            const ARENA_LEN: usize = Self::INFERENCE.len();
            const TRAINING_LEN: usize = Self::TRAINING.len();

            fn init(&mut self, rng: &mut Rng) {
                Self::DENSE.init(&mut self.dense, rng);
                Self::DENSE_1.init(&mut self.dense_1, rng);
            }

            fn logits(&self, input: &[f32], memory: &mut Memory<'_>, output: &mut [f32]) {
                let [dense] = memory.get(const { Self::INFERENCE.places([0]) });
                Self::DENSE.forward(&self.dense, input, dense);
                Self::DENSE_1.forward(&self.dense_1, dense, output);
            }

            fn forward_training(&self, input: &[f32], memory: &mut Memory<'_>, step: Step) {
                let [noisy, dense, dense_1] =
                    memory.get(const { Self::TRAINING.places([0, 1, 2]) });
                noisy.copy_from_slice(input);
                if $noise > 0.0 {
                    let mut rng = step.layer(0).rng();
                    for value in noisy.iter_mut() {
                        *value += $noise * (rng.random::<f32>() - 0.5);
                    }
                }
                Self::DENSE.forward_training(&self.dense, noisy, dense, &mut [], step.layer(1));
                Self::DENSE_1.forward_training(
                    &self.dense_1,
                    dense,
                    dense_1,
                    &mut [],
                    step.layer(2),
                );
            }

            fn heads<'m>(memory: &'m mut Memory<'_>) -> HeadPass<'m> {
                let [logits, gradient] = memory.get(const { Self::TRAINING.places([2, 3]) });
                HeadPass { logits, gradient }
            }

            fn backward(&self, _input: &[f32], memory: &mut Memory<'_>, gradient: &mut Self) {
                let [x, y, logits, d_logits, dy] =
                    memory.get(const { Self::TRAINING.places([0, 1, 2, 3, 4]) });
                let pass = Pass {
                    x: y,
                    y: logits,
                    saved: &[],
                    dy: d_logits,
                    dx: Some(dy),
                    accumulate: false,
                };
                Self::DENSE_1.backward(&self.dense_1, pass, &mut gradient.dense_1);
                let pass = Pass {
                    x,
                    y,
                    saved: &[],
                    dy,
                    dx: None,
                    accumulate: false,
                };
                Self::DENSE.backward(&self.dense, pass, &mut gradient.dense);
            }
        }
    };
}

two_dense!(Xor: 2, 0.0, 8 Tanh, 1 Sigmoid);
two_dense!(Linear: 2, 0.0, 3 Linear, 1 Linear);
two_dense!(Mlp: 20, 0.0, 32 Relu, 1 Sigmoid);
two_dense!(Noisy: 20, 0.1, 32 Relu, 3 Softmax);
two_dense!(Wide: 300, 0.0, 200 Relu, 3 Softmax);
two_dense!(Huge: 3000, 0.0, 3334 Relu, 1 Sigmoid);

/// The four cases of exclusive or.
pub fn xor() -> Dataset<Rank1<2>, Binary> {
    Dataset::generate(4, |case| {
        let (a, b) = (case & 1, case >> 1);
        (Tensor::from([a as f32, b as f32]), (a != b).into())
    })
}

/// Points whose class is the third in which their sum lies.
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
