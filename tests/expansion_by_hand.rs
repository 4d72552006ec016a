//! What `model! { pub Iris: Input(4) => Affine => Dense(5, relu) => Dense(3, softmax) }` expands to, by hand.
#![allow(missing_docs)]
use kerust::rng::Seed;
use kerust::tensor::{Rank1, Tensor};

pub struct Affine;
#[repr(C)]
pub struct AffineLayer<const N: usize> {
    scale: [f32; N],
    shift: [f32; N],
}
unsafe impl<const N: usize> kerust::layer::LayerData for AffineLayer<N> {
    const LAYOUT: kerust::layer::Layout = kerust::layer::Layout::Parts(&[
        kerust::layer::Part {
            name: "scale",
            trainable: true,
            layout: <[f32; N]>::LAYOUT,
        },
        kerust::layer::Part {
            name: "shift",
            trainable: true,
            layout: <[f32; N]>::LAYOUT,
        },
    ]);
}
impl<const N: usize> kerust::layer::Build<Rank1<N>> for Affine {
    type Layer = AffineLayer<N>;
}
impl<const N: usize> kerust::layer::Layer for AffineLayer<N> {
    type Input = Rank1<N>;
    type Output = Rank1<N>;
    fn init(&mut self, _: &mut kerust::rng::Rng) {
        self.scale.fill(1.0);
    }
    fn forward(&self, x: &[f32], y: &mut [f32]) {
        for i in 0..N {
            y[i] = x[i] * self.scale[i] + self.shift[i];
        }
    }
    fn backward(&self, x: &[f32], _y: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self) {
        for i in 0..N {
            dx[i] = dy[i] * self.scale[i];
            gradient.scale[i] += dy[i] * x[i];
            gradient.shift[i] += dy[i];
        }
    }
}

/// (4) → (3), 51 parameters.
#[repr(C)]
pub struct Iris {
    /// `Affine`: (4) → (4).
    pub affine: <Affine as ::kerust::layer::Build<::kerust::tensor::Rank1<4>>>::Layer,
    /// `Dense(5, relu)`: (4) → (5), 25 parameters.
    pub dense: ::kerust::layers::DenseWeights<{ Iris::AFFINE_SHAPE.dim(0) }, 5>,
    /// `Dense(3, softmax)`: (5) → (3), 18 parameters.
    pub dense_1: ::kerust::layers::DenseWeights<5, 3>,
}

impl Iris {
    const AFFINE_SHAPE: ::kerust::shape::Shape = <<<Affine as ::kerust::layer::Build<
        ::kerust::tensor::Rank1<4>,
    >>::Layer as ::kerust::layer::Layer>::Output as ::kerust::tensor::Shape>::SHAPE;
    const AFFINE: ::kerust::layer::Custom = ::kerust::layer::Custom;
    const DENSE: ::kerust::layers::Dense =
        ::kerust::layers::Dense::new().activation(::kerust::activation::Activation::Relu);
    const DENSE_1: ::kerust::layers::Dense = ::kerust::layers::Dense::new();

    /// The buffers of one inference: values, written at step, last read at step.
    const INFERENCE: ::kerust::memory::Plan<2> = ::kerust::memory::Plan::new([
        ::kerust::memory::Buffer::new(Iris::AFFINE_SHAPE.len(), 0, 1),
        ::kerust::memory::Buffer::new(5, 1, 2),
    ]);
    /// The buffers of one training step.
    const TRAINING: ::kerust::memory::Plan<6> = ::kerust::memory::Plan::new([
        ::kerust::memory::Buffer::new(4, 0, 5), // affine
        ::kerust::memory::Buffer::new(5, 1, 4), // dense
        ::kerust::memory::Buffer::new(3, 2, 3), // dense_1
        ::kerust::memory::Buffer::new(3, 2, 3), // gradient of dense_1
        ::kerust::memory::Buffer::new(5, 3, 4), // of dense
        ::kerust::memory::Buffer::new(4, 4, 5), // of affine
    ]);
}

unsafe impl ::kerust::layer::LayerData for Iris {
    const LAYOUT: ::kerust::layer::Layout = ::kerust::layer::Layout::Parts(&[
        ::kerust::layer::Part { name: "affine", trainable: true, layout: <<Affine as ::kerust::layer::Build<::kerust::tensor::Rank1<4>>>::Layer as ::kerust::layer::LayerData>::LAYOUT },
        ::kerust::layer::Part { name: "dense", trainable: true, layout: <::kerust::layers::DenseWeights<{ Iris::AFFINE_SHAPE.dim(0) }, 5> as ::kerust::layer::LayerData>::LAYOUT },
        ::kerust::layer::Part { name: "dense_1", trainable: true, layout: <::kerust::layers::DenseWeights<5, 3> as ::kerust::layer::LayerData>::LAYOUT },
    ]);
}

impl ::kerust::model::Model for Iris {
    type Input = ::kerust::tensor::Rank1<4>;
    type Heads = ::kerust::model::Head<::kerust::activation::Softmax, ::kerust::tensor::Rank1<3>>;
    type Storage = [f32; Iris::INFERENCE.len()];
    const NAME: &'static str = "Iris";
    const HEADS: &'static [&'static str] = &[];
    const LAYERS: &'static [::kerust::model::LayerInfo] = &[];
    const ARENA_LEN: usize = Iris::INFERENCE.len();
    const TRAINING_LEN: usize = Iris::TRAINING.len();

    fn init(&mut self, rng: &mut ::kerust::rng::Rng) {
        use ::kerust::layer::Operation as _;
        Self::DENSE.init(&mut self.dense, rng);
        Self::DENSE_1.init(&mut self.dense_1, rng);
    }

    fn logits(&self, input: &[f32], memory: &mut ::kerust::memory::Memory<'_>, output: &mut [f32]) {
        use ::kerust::layer::Operation as _;
        let [affine] = memory.get(&Self::INFERENCE, [0]);
        Self::AFFINE.forward(&self.affine, input, affine);
        let [affine, dense] = memory.get(&Self::INFERENCE, [0, 1]);
        Self::DENSE.forward(&self.dense, affine, dense);
        let [dense] = memory.get(&Self::INFERENCE, [1]);
        Self::DENSE_1.forward(&self.dense_1, dense, output);
    }

    fn forward_training(
        &self,
        input: &[f32],
        memory: &mut ::kerust::memory::Memory<'_>,
        step: ::kerust::rng::Step,
    ) {
        use ::kerust::layer::Operation as _;
        let [affine] = memory.get(&Self::TRAINING, [0]);
        Self::AFFINE.forward_training(&self.affine, input, affine, &mut [], step.layer(0));
        let [affine, dense] = memory.get(&Self::TRAINING, [0, 1]);
        Self::DENSE.forward_training(&self.dense, affine, dense, &mut [], step.layer(1));
        let [dense, dense_1] = memory.get(&Self::TRAINING, [1, 2]);
        Self::DENSE_1.forward_training(&self.dense_1, dense, dense_1, &mut [], step.layer(2));
    }

    fn heads<'m>(memory: &'m mut ::kerust::memory::Memory<'_>) -> ::kerust::model::HeadPass<'m> {
        let [logits, gradient] = memory.get(&Self::TRAINING, [2, 3]);
        ::kerust::model::HeadPass { logits, gradient }
    }

    fn backward(
        &self,
        input: &[f32],
        memory: &mut ::kerust::memory::Memory<'_>,
        gradient: &mut Self,
    ) {
        use ::kerust::layer::{Operation as _, Pass};
        let [dense, dense_1, d_dense_1, d_dense] = memory.get(&Self::TRAINING, [1, 2, 3, 4]);
        let pass = Pass {
            x: dense,
            y: dense_1,
            saved: &[],
            dy: d_dense_1,
            dx: Some(d_dense),
            accumulate: false,
        };
        Self::DENSE_1.backward(&self.dense_1, pass, &mut gradient.dense_1);
        let [affine, dense, d_dense, d_affine] = memory.get(&Self::TRAINING, [0, 1, 4, 5]);
        let pass = Pass {
            x: affine,
            y: dense,
            saved: &[],
            dy: d_dense,
            dx: Some(d_affine),
            accumulate: false,
        };
        Self::DENSE.backward(&self.dense, pass, &mut gradient.dense);
        let [affine, d_affine] = memory.get(&Self::TRAINING, [0, 5]);
        let pass = Pass {
            x: input,
            y: affine,
            saved: &[],
            dy: d_affine,
            dx: None,
            accumulate: false,
        };
        Self::AFFINE.backward(&self.affine, pass, &mut gradient.affine);
    }
}

impl Iris {
    pub const PARAMS: usize = <Self as ::kerust::layer::LayerData>::LAYOUT.len();
    pub const WEIGHT_BYTES: usize = size_of::<Self>();
    pub const ARENA_BYTES: usize = 4 * <Self as ::kerust::model::Model>::ARENA_LEN;
}

// Generic over the classes.
#[repr(C)]
pub struct HeadModel<const CLASSES: usize> {
    pub dense: ::kerust::layers::DenseWeights<64, CLASSES>,
}
impl<const CLASSES: usize> HeadModel<CLASSES> {
    const INFERENCE: ::kerust::memory::Plan<1> =
        ::kerust::memory::Plan::new([::kerust::memory::Buffer::new(CLASSES, 0, 1)]);
    fn go(&self, m: &mut kerust::memory::Memory) -> usize {
        let [x] = m.get(&Self::INFERENCE, [0]);
        x.len()
    }
}

#[test]
fn go() {
    use kerust::layer::{Layer, LayerData};
    use kerust::memory::Memory;
    use kerust::model::*;
    let mut net = Iris::zeroed();
    net.init(&mut Seed(1).rng());
    let x = Tensor::from([1.0, 2.0, 3.0, 4.0]);
    let mut arena = Arena::<Iris>::new();
    let mut y = <<Iris as Model>::Heads as Heads>::zeroed();
    net.logits(x.as_slice(), &mut arena.memory(), y.as_mut_slice());
    <Iris as Model>::Heads::activate(y.as_mut_slice());
    println!("{y:?} {}", y.argmax());
    assert_eq!(Iris::PARAMS, 8 + 25 + 18);
    assert_eq!(size_of::<Arena<Iris>>(), Iris::ARENA_BYTES);
    kerust::testing::check_gradients::<AffineLayer<8>>(Seed(1)).unwrap();
    let _ = AffineLayer::<3>::new(Seed(1)).call(&Tensor::from_fn(|_| 1.0));
    let mut v = [0.0; 10];
    let h = HeadModel::<10>::go as fn(&HeadModel<10>, &mut Memory) -> usize;
    let _ = (h, &mut v);
}
