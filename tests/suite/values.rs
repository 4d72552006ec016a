//! Values of a graph with different element types: tokens, masks, states and integers, in hand-written layers
//! that follow the same contract as the built-in ones.

use kerust::element::Elements;
use kerust::gradient::Gradient;
use kerust::layer::{Build, Component, Forward, LayerData, Operation, Pass};
use kerust::prelude::*;
use kerust::rng::{LayerStep, Rng};

type Mask<const T: usize> = Tensor<Rank1<T>, u8>;

/// Sums of the tokens' vectors.
pub struct Bag<const VOCABULARY: usize, const WIDTH: usize>;

#[derive(kerust::LayerData)]
#[repr(C)]
pub struct BagLayer<const T: usize, const VOCABULARY: usize, const WIDTH: usize> {
    vectors: [[f32; WIDTH]; VOCABULARY],
}

impl<const T: usize, const V: usize, const W: usize> Build<Tokens<T>> for Bag<V, W> {
    type Layer = BagLayer<T, V, W>;
}

impl<const T: usize, const V: usize, const W: usize> Layer for BagLayer<T, V, W> {
    type Input = Tokens<T>;
    type Output = Rank1<W>;

    fn init(&mut self, rng: &mut Rng) {
        RandomNormal::default().fill(self.vectors.as_flattened_mut(), rng);
    }

    fn forward(&self, tokens: &[u16], y: &mut [f32]) {
        y.fill(0.0);
        for token in tokens {
            let vector = &self.vectors[usize::from(*token)];
            y.iter_mut().zip(vector).for_each(|(y, value)| *y += value);
        }
    }

    fn backward(&self, tokens: &[u16], _: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self) {
        assert!(dx.is_empty(), "tokens have no gradient");
        for token in tokens {
            let vector = &mut gradient.vectors[usize::from(*token)];
            vector.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += dy);
        }
    }
}

model! { pub Words: Input(5, dtype = token) => Bag::<10, 3> => Dense(2, softmax) }

/// Marks the steps that are not all 0.
pub struct Valid;

#[derive(kerust::LayerData)]
#[repr(C)]
pub struct ValidLayer<const T: usize, const F: usize> {}

/// How [`ValidLayer`] computes.
pub struct Find;

impl<const T: usize, const F: usize> Build<Rank2<T, F>> for Valid {
    type Layer = ValidLayer<T, F>;
}

impl<const T: usize, const F: usize> Component for ValidLayer<T, F> {
    type Input = Rank2<T, F>;
    type Output = (Rank2<T, F>, Mask<T>);
    type Operation = Find;
    const OPERATION: Find = Find;
    const SCRATCH_LEN: usize = 0;
    const SAVED_LEN: usize = 0;
    const GRADIENT_LEN: usize = 0;
    const MACS: Option<usize> = Some(0);
}

impl<const T: usize, const F: usize>
    Forward<ValidLayer<T, F>, Rank2<T, F>, (Rank2<T, F>, Mask<T>), f32> for Find
{
    fn forward(
        &self,
        _: &ValidLayer<T, F>,
        x: &[f32],
        (y, mask): (&mut [f32], &mut [u8]),
        _scratch: &mut [f32],
    ) {
        y.copy_from_slice(x);
        for (mask, step) in mask.iter_mut().zip(x.chunks_exact(F)) {
            *mask = u8::from(step.iter().any(|x| *x != 0.0));
        }
    }
}

impl<const T: usize, const F: usize>
    Operation<ValidLayer<T, F>, Rank2<T, F>, (Rank2<T, F>, Mask<T>), f32, f32> for Find
{
    fn backward(
        &self,
        _: &ValidLayer<T, F>,
        pass: Pass<'_, Rank2<T, F>, (Rank2<T, F>, Mask<T>), f32>,
        _: Gradient<'_>,
    ) {
        let (dy, of_mask) = pass.dy;
        assert!(of_mask.is_empty(), "a mask has no gradient");
        if let Some(dx) = pass.dx {
            dx.copy_from_slice(dy);
        }
    }
}

/// `h ← decay · h + x` over the valid steps; returns `h` at each step, and the last one.
///
/// Its scratch holds `h`.
pub struct Decay;

#[derive(kerust::LayerData)]
#[repr(C)]
pub struct DecayLayer<const T: usize, const F: usize> {
    decay: [f32; F],
}

/// How [`DecayLayer`] computes.
pub struct Run;

type Masked<const T: usize, const F: usize> = (Rank2<T, F>, Mask<T>);
type Stated<const T: usize, const F: usize> = (Rank2<T, F>, Rank1<F>);

impl<const T: usize, const F: usize> Build<Masked<T, F>> for Decay {
    type Layer = DecayLayer<T, F>;
}

impl<const T: usize, const F: usize> Component for DecayLayer<T, F> {
    type Input = Masked<T, F>;
    type Output = Stated<T, F>;
    type Operation = Run;
    const OPERATION: Run = Run;
    const SCRATCH_LEN: usize = F;
    const SAVED_LEN: usize = F;
    const GRADIENT_LEN: usize = F;
    const MACS: Option<usize> = Some(T * F);
}

impl<const T: usize, const F: usize> Forward<DecayLayer<T, F>, Masked<T, F>, Stated<T, F>, f32>
    for Run
{
    fn forward(
        &self,
        weights: &DecayLayer<T, F>,
        (x, mask): (&[f32], &[u8]),
        (y, state): (&mut [f32], &mut [f32]),
        scratch: &mut [f32],
    ) {
        for sample in 0..x.len() / (T * F) {
            let h = &mut scratch[sample * F..][..F];
            h.fill(0.0);
            for step in sample * T..(sample + 1) * T {
                for f in 0..F {
                    if mask[step] != 0 {
                        h[f] = weights.decay[f] * h[f] + x[step * F + f];
                    }
                    y[step * F + f] = h[f];
                }
            }
            state[sample * F..][..F].copy_from_slice(h);
        }
    }
}

impl<const T: usize, const F: usize>
    Operation<DecayLayer<T, F>, Masked<T, F>, Stated<T, F>, f32, f32> for Run
{
    fn init(&self, weights: &mut DecayLayer<T, F>, _: &mut Rng) {
        weights.decay.fill(0.5);
    }

    fn forward_training(
        &self,
        weights: &DecayLayer<T, F>,
        x: <Masked<T, F> as Elements>::Slices<'_>,
        y: <Stated<T, F> as Elements>::SlicesMut<'_>,
        _scratch: &mut [f32],
        saved: &mut [f32],
        _: LayerStep<'_>,
    ) {
        self.forward(weights, x, y, saved);
    }

    fn backward(
        &self,
        weights: &DecayLayer<T, F>,
        pass: Pass<'_, Masked<T, F>, Stated<T, F>, f32>,
        gradient: Gradient<'_>,
    ) {
        let ((x, mask), (y, _), (dy, dstate)) = (pass.x, pass.y, pass.dy);
        let (mut dx, of_mask) = pass.dx;
        assert!(
            of_mask.is_none_or(|dx| dx.is_empty()),
            "a mask has no gradient"
        );
        let gradient = gradient.of::<DecayLayer<T, F>>().expect("it trains");
        gradient.decay.fill(0.0);
        for sample in 0..x.len() / (T * F) {
            let dh = &mut dstate[sample * F..][..F];
            for step in (sample * T..(sample + 1) * T).rev() {
                for f in 0..F {
                    dh[f] += dy[step * F + f];
                    let before = if step > sample * T {
                        y[(step - 1) * F + f]
                    } else {
                        0.0
                    };
                    let valid = mask[step] != 0;
                    if let Some(dx) = &mut dx {
                        dx[step * F + f] = if valid { dh[f] } else { 0.0 };
                    }
                    if valid {
                        gradient.decay[f] += dh[f] * before;
                        dh[f] *= weights.decay[f];
                    }
                }
            }
        }
    }
}

model! {
    pub Decays {
        let series = Input(6, 3);
        let (x, mask) = series => Valid;
        let x = x => Rescaling(0.5);
        let (steps, state) = Decay(x, mask);
        let (again, _) = Decay(steps, mask, name = again);
        let last = state => Dense(2, tanh);
        let all = again => Flatten => Dense(2);
        let sum = Add(last, all);
        (sum, state)
    }
}

model! {
    pub LastState {
        let series = Input(6, 3);
        let (x, mask) = series => Valid;
        let (_, state) = Decay(x, mask);
        state => Dense(1)
    }
}

/// An integer layer: `y = (x · kernel + bias) / 64`, saturated.
pub struct Quantized<const OUT: usize>;

#[derive(kerust::LayerData)]
#[repr(C)]
pub struct QuantizedLayer<const IN: usize, const OUT: usize> {
    kernel: [[i8; OUT]; IN],
    bias: [i32; OUT],
}

/// How [`QuantizedLayer`] computes.
pub struct Shift;

type Int8<const N: usize> = Tensor<Rank1<N>, i8>;

impl<const IN: usize, const OUT: usize> Build<Int8<IN>> for Quantized<OUT> {
    type Layer = QuantizedLayer<IN, OUT>;
}

impl<const IN: usize, const OUT: usize> Component for QuantizedLayer<IN, OUT> {
    type Input = Int8<IN>;
    type Output = Int8<OUT>;
    type Operation = Shift;
    const OPERATION: Shift = Shift;
    const SCRATCH_LEN: usize = 0;
    const SAVED_LEN: usize = 0;
    const GRADIENT_LEN: usize = 0;
    const MACS: Option<usize> = Some(IN * OUT);
}

impl<const IN: usize, const OUT: usize> Forward<QuantizedLayer<IN, OUT>, Int8<IN>, Int8<OUT>, f32>
    for Shift
{
    fn forward(
        &self,
        weights: &QuantizedLayer<IN, OUT>,
        x: &[i8],
        y: &mut [i8],
        _scratch: &mut [f32],
    ) {
        for (x, y) in x.chunks_exact(IN).zip(y.chunks_exact_mut(OUT)) {
            for (j, y) in y.iter_mut().enumerate() {
                let products = x.iter().zip(&weights.kernel);
                let sum: i32 = products
                    .map(|(x, row)| i32::from(*x) * i32::from(row[j]))
                    .sum();
                *y = ((sum + weights.bias[j]) >> 6).clamp(-128, 127) as i8;
            }
        }
    }
}

model! { pub Integer: Input(6, dtype = int8) => Quantized::<5> => Quantized::<7> => Quantized::<3> }

#[test]
fn a_layer_on_tokens_trains() {
    let mut rng = Seed(3).rng();
    let data: Dataset<Tokens<5>, Class<2>> = Dataset::generate(200, |i| {
        let mut tokens = [0u16; 5].map(|_| rng.random_range(0..9u16));
        if i % 2 == 0 {
            tokens[i % 5] = 9;
        }
        (Tokens::from(tokens), Class::new((i + 1) % 2))
    });
    let mut model =
        Words::new(Seed(1)).compile(Adam::new(0.02), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&data, Fit::epochs(30).quiet()).unwrap();
    assert!(model.evaluate(&data).unwrap()["accuracy"] > 0.95);
    let sample = data.input(0);
    let mut arena = Arena::new();
    let there = model.model().predict_in(&sample, &mut arena);
    assert_eq!(model.model().predict(&sample), there);
    // The tokens are two bytes each, and are not in the arena.
    assert_eq!(Words::RAM_BYTES, Words::ARENA_BYTES + 10 + 8);
}

fn series() -> Tensor<Rank2<6, 3>> {
    Tensor::from_fn(|[t, f]| match t {
        1 | 4 => 0.0,
        _ => ((t * 3 + f) as f32).sin(),
    })
}

#[test]
fn masks_and_states_are_values_of_a_graph() {
    let model = Decays::new(Seed(2));
    let (_, state) = model.predict(&series());
    let mut expected = [0.0; 3];
    for t in [0, 2, 3, 5] {
        for (f, expected) in expected.iter_mut().enumerate() {
            *expected = 0.5 * *expected + 0.5 * ((t * 3 + f) as f32).sin();
        }
    }
    for (found, expected) in state.as_slice().iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    // A mask of six bytes takes two words.
    assert!(format!("{:?}", Decays::LAYERS[0].name).contains("valid"));
}

#[test]
fn gradients_flow_through_every_output_that_is_read() {
    let data: Dataset<Rank2<6, 3>, Rank1<1>> = Dataset::generate(64, |i| {
        let x = Tensor::from_fn(|[t, f]| match (t + i) % 4 {
            0 => 0.0,
            _ => ((i + t * 3 + f) as f32).sin(),
        });
        let sum: f32 = x.as_slice().iter().sum();
        (x, [sum].into())
    });
    let mut model = LastState::new(Seed(1)).compile(Adam::new(0.02), MeanSquaredError, ());
    let history = model.fit(&data, Fit::epochs(60).quiet()).unwrap();
    assert!(
        history["loss"].last().unwrap() < &0.05,
        "{:?}",
        history["loss"].last()
    );
    assert!(model.model().decay.decay.iter().all(|decay| *decay != 0.5));
}

fn integer() -> Box<Integer> {
    let mut model = Integer::zeroed();
    let values = |from: usize| move |i: usize| ((i + from) * 37 % 201) as i8;
    let fill = |kernel: &mut [i8], value: &dyn Fn(usize) -> i8| {
        let places = kernel.iter_mut().enumerate();
        places.for_each(|(i, weight)| *weight = value(i));
    };
    fill(model.quantized.kernel.as_flattened_mut(), &values(0));
    fill(model.quantized_1.kernel.as_flattened_mut(), &values(3));
    fill(model.quantized_2.kernel.as_flattened_mut(), &values(5));
    model.quantized.bias = [1000, -2000, 30, 4, 5000];
    model
}

#[test]
fn an_integer_model_infers() {
    let model = integer();
    let input = Int8::<6>::from([1, -2, 3, 100, -128, 127]);
    let dense = |kernel: &[i8], bias: &[i32], x: &[i8]| -> Vec<i8> {
        let out = bias.len();
        let sums = (0..out).map(|j| {
            let sum: i64 = (0..x.len())
                .map(|i| i64::from(x[i]) * i64::from(kernel[i * out + j]))
                .sum();
            ((sum + i64::from(bias[j])) >> 6).clamp(-128, 127) as i8
        });
        sums.collect()
    };
    let y = dense(
        model.quantized.kernel.as_flattened(),
        &model.quantized.bias,
        input.as_slice(),
    );
    let y = dense(
        model.quantized_1.kernel.as_flattened(),
        &model.quantized_1.bias,
        &y,
    );
    let y = dense(
        model.quantized_2.kernel.as_flattened(),
        &model.quantized_2.bias,
        &y,
    );
    let mut arena = Arena::<Integer>::new();
    assert_eq!(model.predict_in(&input, &mut arena).as_slice(), y);
    // Five and seven bytes, each in whole words.
    // Five and seven bytes, each in whole words.
    assert_eq!(Integer::ARENA_BYTES, 8 + 8);
}

#[test]
fn gaps_between_numbers_are_in_no_file() {
    // Two bytes after a kernel of 30, one after one of 35, three after one of 21.
    let layout = <Integer as LayerData>::LAYOUT;
    assert_eq!(Integer::WEIGHT_BYTES, layout.bytes() + 2 + 1 + 3);
    let path =
        std::env::temp_dir().join(format!("kerust-{}-integer.safetensors", std::process::id()));
    let model = integer();
    kerust::weights::save(&path, &*model).unwrap();
    let file = std::fs::read(&path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&file).unwrap();
    let bytes: usize = tensors
        .tensors()
        .iter()
        .map(|(_, tensor)| tensor.data().len())
        .sum();
    assert_eq!(bytes, layout.bytes());
    let kernel = tensors.tensor("quantized_1.kernel").unwrap();
    let expected = model.quantized_1.kernel.as_flattened().iter();
    assert!(
        kernel
            .data()
            .iter()
            .map(|byte| *byte as i8)
            .eq(expected.copied())
    );
    let loaded = kerust::weights::load::<Integer>(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let embedded = kerust::weights::embedded::<Integer>("integer.safetensors", &file);
    for found in [&*loaded, &embedded] {
        assert_eq!(found.quantized.kernel, model.quantized.kernel);
        assert_eq!(found.quantized.bias, model.quantized.bias);
        assert_eq!(found.quantized_1.kernel, model.quantized_1.kernel);
        assert_eq!(found.quantized_2.kernel, model.quantized_2.kernel);
    }
}

/// The number of bytes of an arena that an inference does not write. Nothing beside the arena is written.
fn unwritten<M: Model>(predict: impl Fn(&mut Arena<M>)) -> usize {
    const AROUND: usize = 100;
    #[repr(C)]
    struct Painted<M: Model> {
        before: [u32; AROUND],
        arena: Arena<M>,
        behind: [u32; AROUND],
    }
    // A byte that two inferences leave as two paints is not written: the inferences compute the same.
    let runs = [0x5a5a_5a5a_u32, 0xc3c3_c3c3].map(|paint| {
        let mut memory = vec![paint; 2 * AROUND + M::ARENA_LEN];
        assert_eq!(4 * memory.len(), size_of::<Painted<M>>());
        // SAFETY: as many words as the struct has, all of which may have any bits.
        let painted = unsafe { &mut *memory.as_mut_ptr().cast::<Painted<M>>() };
        predict(&mut painted.arena);
        let around = painted.before.iter().chain(&painted.behind);
        assert!(around.into_iter().all(|word| *word == paint));
        let arena = &memory[AROUND..AROUND + M::ARENA_LEN];
        let paint = paint.to_ne_bytes()[0];
        let bytes = arena.iter().flat_map(|word| word.to_ne_bytes());
        bytes.map(|byte| byte == paint).collect::<Vec<_>>()
    });
    let [first, second] = &runs;
    first.iter().zip(second).filter(|(a, b)| **a && **b).count()
}

#[test]
fn values_of_every_type_fill_the_arena_but_for_the_gaps_behind_them() {
    let words = Words::new(Seed(1));
    let tokens = Tokens::from([1, 9, 3, 4, 0]);
    let untouched = unwritten::<Words>(|arena| _ = words.predict_in(&tokens, arena));
    assert_eq!(untouched, 0, "tokens to `f32`");
    let model = Decays::new(Seed(2));
    let untouched = unwritten::<Decays>(|arena| _ = model.predict_in(&series(), arena));
    // The two bytes behind the mask are also those of other values.
    assert_eq!(untouched, 0, "a value with a mask, a state, and scratch");
    let model = integer();
    let input = Int8::from([1, -20, 30, -40, 50, -60]);
    let untouched = unwritten::<Integer>(|arena| _ = model.predict_in(&input, arena));
    // Five and seven bytes take two words each.
    assert_eq!(untouched, 3 + 1, "8-bit values");
}
