//! Masks through models and layers of one's own, and the same bits of sequence models with dropout for any number of threads
//! and after a resume.

use kerust::layer::LayerData as _;
use kerust::prelude::*;

model! {
    pub Features: Input(6, 4) => Dense(5, tanh) => Dense(4)
}
model! {
    /// A model as a layer, which keeps the mask of its input.
    pub Nested:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Features(supports_masking = true)
        => LSTM(3)
        => Dense(2, softmax)
}
model! {
    pub Flat:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Dense(5, tanh)
        => Dense(4)
        => LSTM(3)
        => Dense(2, softmax)
}

/// `y = scale · x` of each feature.
#[derive(LayerData)]
#[repr(C)]
struct ScaleLayer {
    scale: [f32; 4],
}

impl Layer for ScaleLayer {
    type Input = Rank2<6, 4>;
    type Output = Rank2<6, 4>;

    fn init(&mut self, _: &mut Rng) {
        self.scale = [0.5, -1.0, 2.0, 0.25];
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        for (i, (x, y)) in x.iter().zip(y).enumerate() {
            *y = self.scale[i % 4] * x;
        }
    }

    fn backward(&self, x: &[f32], _: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self) {
        for i in 0..x.len() {
            dx[i] = self.scale[i % 4] * dy[i];
            gradient.scale[i % 4] += x[i] * dy[i];
        }
    }
}

struct Scale;

impl Build<Rank2<6, 4>> for Scale {
    type Layer = ScaleLayer;
}

model! {
    pub Scaled:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Scale(supports_masking = true)
        => GlobalAveragePooling1D
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

const TOKENS: [[u16; 6]; 4] = [
    [3, 0, 4, 1, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [1, 2, 3, 4, 5, 6],
    [0, 0, 0, 0, 0, 10],
];

#[test]
fn a_nested_model_keeps_the_mask_in_inference_and_training() {
    let nested = Nested::new(Seed(3));
    let mut flat = Flat::zeroed();
    flat.as_mut_slice().copy_from_slice(nested.as_slice());
    for tokens in TOKENS {
        let tokens = Tokens::from(tokens);
        let (found, expected) = (nested.predict(&tokens), flat.predict(&tokens));
        assert_eq!(bits(found.as_slice()), bits(expected.as_slice()));
    }
    let data: Dataset<Tokens<6>, Class<2>> =
        Dataset::generate(4, |i| (TOKENS[i].into(), Class::new(i % 2)));
    let fit = || Fit::epochs(5).batch_size(3).seed(Seed(1)).quiet();
    let mut nested = nested.compile(Adam::new(0.01), SparseCategoricalCrossentropy, ());
    let mut flat = flat.compile(Adam::new(0.01), SparseCategoricalCrossentropy, ());
    nested.fit(&data, fit()).unwrap();
    flat.fit(&data, fit()).unwrap();
    let gaps = nested.weights().iter().zip(flat.weights());
    let gap = gaps.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(gap < 1e-6, "{gap:e}");
}

#[test]
fn an_own_layer_keeps_the_mask() {
    let net = Scaled::new(Seed(4));
    let table = &net.as_slice()[..44];
    for tokens in TOKENS {
        let found = net.predict(&Tokens::from(tokens));
        let valid: Vec<usize> = tokens.iter().map(|it| usize::from(*it)).collect();
        let valid: Vec<usize> = valid.into_iter().filter(|token| *token > 0).collect();
        for (i, scale) in [0.5, -1.0, 2.0, 0.25].iter().enumerate() {
            let sum: f32 = valid.iter().map(|token| table[4 * token + i]).sum();
            let expected = scale * sum / valid.len().max(1) as f32;
            assert!((found[i] - expected).abs() < 1e-6, "{tokens:?}");
        }
    }
}

model! {
    /// Dropout in every place that a sequence model has it, and a mask.
    pub Dropping:
        Input(9, dtype = token)
        => Embedding(20, 6, mask_zero = true)
        => Dropped(supports_masking = true)
        => LSTM(7, return_sequences = true, dropout = 0.2, recurrent_dropout = 0.1)
        => Bidirectional(GRU(5, return_sequences = true, dropout = 0.3))
        => Residual(MultiHeadAttention(num_heads = 2, key_dim = 3, dropout = 0.2))
        => SimpleRNN(6, recurrent_dropout = 0.2)
        => Dropout(0.3)
        => Dense(3, softmax)
}
model! { pub Dropped: Input(9, 6) => Dropout(0.1) => Dense(6) }

fn words() -> Dataset<Tokens<9>, Class<3>> {
    let mut rng = Seed(8).rng();
    Dataset::generate(70, |i| {
        let len = rng.random_range(0..10);
        let word = |step: usize| {
            if step < len {
                rng.random_range(1..20)
            } else {
                0
            }
        };
        (
            std::array::from_fn::<u16, 9, _>(word).into(),
            Class::new(i % 3),
        )
    })
}

type Training = Compiled<Dropping, Class<3>>;

fn compiled() -> Training {
    Dropping::new(Seed(3)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy)
}

fn fit(model: &mut Training, epochs: usize, threads: usize) -> History {
    let fit = Fit::epochs(epochs)
        .batch_size(17)
        .seed(Seed(5))
        .threads(threads)
        .quiet();
    model.fit(&words(), fit).unwrap()
}

#[test]
fn sequence_models_with_dropout_have_the_same_bits_on_any_number_of_threads() {
    let run = |threads| {
        let mut model = compiled();
        let history = fit(&mut model, 2, threads);
        (bits(model.weights()), history["loss"][1].to_bits())
    };
    let first = run(1);
    for threads in [1, 2, 3] {
        assert!(run(threads) == first, "{threads} threads");
    }
}

#[test]
fn a_resumed_sequence_model_with_dropout_has_the_bits_of_one_that_never_stopped() {
    let mut whole = compiled();
    let history = fit(&mut whole, 3, 2);
    let name = format!("kerust-sequence-resume-{}.safetensors", std::process::id());
    let file = std::env::temp_dir().join(name);
    let mut first = compiled();
    fit(&mut first, 1, 2);
    first.save_state(&file).unwrap();
    let mut second = compiled();
    second.resume(&file).unwrap();
    let resumed = fit(&mut second, 3, 1);
    std::fs::remove_file(&file).unwrap();
    assert!(
        bits(second.weights()) == bits(whole.weights()),
        "weights differ"
    );
    assert_eq!(resumed, history);
}
