//! Custom activations, initializers and constraints, named by their paths.

use crate::settings::equals_keras;
use kerust::prelude::*;

mod own {
    use kerust::activation::PointwiseActivation;
    use kerust::constraint::Constrain;
    use kerust::init::Initialize;
    use kerust::prelude::*;

    /// `y = x + sin²(a x) / a`
    pub struct Snake(pub f32);

    impl Snake {
        pub const fn new(a: f32) -> Self {
            Self(a)
        }
    }

    impl PointwiseActivation for Snake {
        fn value(&self, x: f32) -> f32 {
            x + (self.0 * x).sin().powi(2) / self.0
        }

        fn derivative(&self, x: f32) -> f32 {
            1.0 + (2.0 * self.0 * x).sin()
        }
    }

    pub const KERNEL: usize = 3;
    pub const SNAKE: Snake = Snake::new(1.0);

    /// The number of inputs of each weight's unit, and the number of its place.
    pub struct Places;

    impl Initialize for Places {
        fn fill(&self, values: &mut [f32], sizes: &[usize], _rng: &mut Rng) {
            let len = sizes.iter().product::<usize>();
            assert_eq!(values.len(), len);
            for (place, value) in values.iter_mut().enumerate() {
                *value = (100 * sizes[0] + place) as f32;
            }
        }
    }

    /// A fraction of what the seed draws.
    pub struct Drawn {
        pub limit: f32,
    }

    impl Initialize for Drawn {
        fn fill(&self, values: &mut [f32], _sizes: &[usize], rng: &mut Rng) {
            values.fill_with(|| rng.random_range(-self.limit..self.limit));
        }
    }

    /// No weight is farther from 0 than a limit.
    pub struct Clip(pub f32);

    impl Constrain for Clip {
        fn apply(&self, weights: &mut [f32], _sizes: &[usize]) {
            for w in weights {
                *w = w.clamp(-self.0, self.0);
            }
        }
    }

    /// The first row has the shape of the array.
    pub struct Sizes;

    impl Constrain for Sizes {
        fn apply(&self, weights: &mut [f32], sizes: &[usize]) {
            for (w, size) in weights.iter_mut().zip(sizes) {
                *w = *size as f32;
            }
        }
    }
}

model! {
    pub OwnSettings:
        Input(5)
        => Dense(4, own::Snake(2.0), kernel_constraint = own::Clip(0.5))
        => BatchNormalization(momentum = 0.9, gamma_constraint = own::Clip(0.3))
        => Dense(3, bias_constraint = own::Clip(0.1))
        => Activation(own::SNAKE)
        => Dense(2, activation = own::Snake::new(1.5))
}

#[test]
fn activations_and_constraints_of_ones_own_equal_those_of_keras() {
    kerust::testing::check_activation(&own::Snake(2.0)).unwrap();
    equals_keras::<OwnSettings>("own_settings");
}

model! {
    pub Initialized:
        Input(3)
        => Dense(2, own::SNAKE, kernel_initializer = own::Places, bias_initializer = own::Places)
        => Dense(17, kernel_initializer = own::Drawn { limit: 0.25 })
}

#[test]
fn an_initializer_of_ones_own_gets_the_sizes_and_the_seed() {
    let net = Initialized::new(Seed(1));
    assert_eq!(
        net.dense.kernel,
        [[300.0, 301.0], [302.0, 303.0], [304.0, 305.0]]
    );
    assert_eq!(net.dense.bias, [200.0, 201.0]);
    let drawn = net.dense_1.kernel.as_flattened();
    assert!(drawn.iter().all(|w| w.abs() < 0.25 && *w != 0.0));
    let again = Initialized::new(Seed(1));
    assert_eq!(again.dense_1.kernel, net.dense_1.kernel);
    assert_ne!(Initialized::new(Seed(2)).dense_1.kernel, net.dense_1.kernel);
}

model! {
    /// An activation stands behind other arguments, after a size that is a path too.
    pub Convolved:
        Input(7, 5, 1)
        => Conv2D(3, own::KERNEL, same, own::Snake(1.0), kernel_constraint = own::Sizes)
        => Flatten
        => Dense(1)
}

#[test]
fn a_constraint_of_ones_own_gets_the_sizes() {
    let data: Dataset<Rank3<7, 5, 1>, Rank1<1>> =
        Dataset::generate(3, |place| ([[[place as f32]; 5]; 7].into(), [1.0].into()));
    let mut model = Convolved::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
    model.fit(&data, Fit::epochs(1).quiet()).unwrap();
    let kernel = &model.model().conv2d.kernel;
    let kernel = kernel.as_flattened().as_flattened().as_flattened();
    assert_eq!(kernel[..4], [3.0, 3.0, 1.0, 3.0]);
}

model! {
    #[int8]
    pub Quantized: Input(4) => Dense(17, own::Snake(1.0)) => Dense(3, own::SNAKE)
}

#[test]
fn an_activation_of_ones_own_is_a_table_in_8_bits() {
    let net = Quantized::new(Seed(5));
    let mut rng = Seed(6).rng();
    let samples: Dataset<Rank1<4>, Rank1<3>> = Dataset::generate(100, |_| {
        let x: [f32; 4] = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
        (x.into(), [0.0; 3].into())
    });
    let (twin, _) = net.quantize(&samples).unwrap();
    let (mut error, mut size) = (0.0f32, 0.0f32);
    for (sample, _) in samples.iter() {
        let (exact, rounded) = (net.predict(&sample), twin.predict(&sample));
        for (exact, rounded) in exact.as_slice().iter().zip(rounded.as_slice()) {
            error = error.max((exact - rounded).abs());
            size = size.max(exact.abs());
        }
    }
    assert!(size > 0.5, "{size}");
    // A few steps of the 255 that the output has.
    assert!(error < 0.03 * size, "{error} of {size}");
}
