//! Embedded weights equal the weights in the file, for layers of every kind.

use kerust::layer::LayerData as _;
use kerust::prelude::*;
use kerust::weights;

#[path = "../../examples/08_embedded.rs"]
#[allow(unused_attributes, reason = "`no_std` is the example's own")]
pub mod program;

use program::Fashion;

/// Usable in a constant.
static TRAINED: &Fashion = Fashion::trained();

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/fashion.safetensors");
const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/fashion_mnist");

#[test]
fn embedded_weights_predict_like_loaded_ones() {
    let loaded = Fashion::load(FILE).unwrap();
    assert!(
        TRAINED
            .as_slice()
            .iter()
            .zip(loaded.as_slice())
            .all(|(a, b)| a.to_bits() == b.to_bits())
    );
    let (_, test) = datasets::fashion_mnist::load_from::<Rank3<28, 28, 1>>(IMAGES).unwrap();
    let mut arena = Arena::new();
    let mut right = 0;
    for number in 0..test.len() {
        let image = test.input(number);
        let scores = loaded.predict(&image);
        assert_eq!(TRAINED.predict_in(&image, &mut arena), scores);
        assert_eq!(program::classify(&image, &mut arena), scores.argmax());
        right += usize::from(scores.argmax() == test.label(number).index());
    }
    assert!(right * 100 >= test.len() * 85, "{right} of {}", test.len());
}

#[test]
fn the_program_holds_the_weights_once_and_nothing_else_of_the_file() {
    assert_eq!(size_of_val(TRAINED), Fashion::WEIGHT_BYTES);
    let file = std::fs::read(FILE).unwrap();
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let count = |part: &[u8]| program.windows(part.len()).filter(|it| it == &part).count();
    let (header, values) = file.split_at(file.len() - Fashion::WEIGHT_BYTES);
    assert_eq!(count(&header[8..72]), 0);
    assert_eq!(count(&values[values.len() - 64..]), 1);
    assert_eq!(count(&values[4000..4064]), 1);
}

/// `y = x · scale`
pub struct Scale;

/// The weights of a [`Scale`].
#[derive(LayerData)]
#[repr(C)]
pub struct ScaleLayer<const N: usize> {
    scale: [f32; N],
}

impl<const N: usize> Build<Rank1<N>> for Scale {
    type Layer = ScaleLayer<N>;
}

impl<const N: usize> Layer for ScaleLayer<N> {
    type Input = Rank1<N>;
    type Output = Rank1<N>;

    fn init(&mut self, rng: &mut Rng) {
        self.scale.fill_with(|| rng.random());
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        for i in 0..N {
            y[i] = x[i] * self.scale[i];
        }
    }

    fn backward(&self, x: &[f32], _: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self) {
        for i in 0..N {
            dx[i] = dy[i] * self.scale[i];
            gradient.scale[i] += dy[i] * x[i];
        }
    }
}

const UNITS: usize = 5;

model! {
    Inner: Input(4) => Dense({ 2 * UNITS }, relu) => Scale
}

model! {
    /// A custom layer, a model as a layer, non-trainable state, constant sizes.
    Outer: Input(6) => Dense(4) => Inner => BatchNormalization => Dropout(0.5) => Dense(UNITS, softmax)
}

#[test]
fn own_layers_nested_models_and_state_are_embedded() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/outer.safetensors");
    let net = Outer::new(Seed(3));
    net.save(path).unwrap();
    let embedded: Outer = weights::embedded("outer.safetensors", &std::fs::read(path).unwrap());
    assert_eq!(embedded.as_slice(), net.as_slice());
}
