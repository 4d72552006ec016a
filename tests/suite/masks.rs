//! Compares tokens, masks and states with Keras: outputs, and the gradients of all weights.

mod models;

use crate::golden::{Tensors, assert_close};
use kerust::__private::memory::Memory;
use kerust::activation::Linear;
use kerust::element::Elements;
use kerust::gradient::Gradient;
use kerust::layer::LayerData as _;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::rng::Step;
use kerust::tensor::StaticShape;
use models::*;

/// An input of the golden file, in the form that a model expects.
enum Values {
    Tokens(Vec<u16>),
    Series(Vec<f32>),
}

impl Values {
    fn open(golden: &Tensors, name: &str, tokens: bool) -> Self {
        let values = golden.tensor(name);
        match tokens {
            true => Self::Tokens(values.iter().map(|x| *x as u16).collect()),
            false => Self::Series(values),
        }
    }

    fn tokens(&self) -> &[u16] {
        match self {
            Self::Tokens(tokens) => tokens,
            Self::Series(_) => panic!("a series is no tokens"),
        }
    }

    fn series(&self) -> &[f32] {
        match self {
            Self::Series(series) => series,
            Self::Tokens(_) => panic!("tokens are no series"),
        }
    }
}

const TOLERANCE: f32 = 3e-5;

fn check<M, S>(golden: &Tensors, case: &str, x: <M::Input as Elements>::Slices<'_>)
where
    M: Train<Heads = Head<Linear, S>>,
    S: StaticShape,
{
    let of = |name: &str| golden.tensor(&format!("{case}.{name}"));
    let mut net = M::zeroed();
    net.as_mut_slice().copy_from_slice(&of("weights"));
    let (y, dy) = (of("y"), of("dy"));
    let batch = y.len() / S::LEN;

    // Inference, in an arena of NaN.
    let mut arena = vec![f32::NAN; batch * M::ARENA_LEN];
    let mut found = vec![f32::NAN; y.len()];
    net.logits(x, &mut Memory::new(&mut arena, batch), &mut found);
    assert_close(&format!("{case}.y"), &found, &y, TOLERANCE);

    // A training step.
    let mut training = vec![f32::NAN; batch * M::TRAINING_LEN];
    let mut memory = Memory::new(&mut training, batch);
    net.forward_training(x, &mut memory, Step::new(Seed(1), 0));
    let pass = M::heads(&mut memory);
    assert_close(&format!("{case}.y in training"), pass.logits, &y, TOLERANCE);
    pass.gradient.copy_from_slice(&dy);
    let mut gradient = M::zeroed();
    gradient.as_mut_slice().fill(f32::NAN);
    let into = Gradient::of_layer(&mut *gradient);
    net.backward(x, &mut memory, into, M::Input::no_gradients(), false);
    let found = gradient.as_slice();
    assert_close(
        &format!("{case}.d_weights"),
        found,
        &of("d_weights"),
        TOLERANCE,
    );
}

#[test]
fn a_token_beyond_the_vocabulary_is_named_before_anything_moves() {
    model! {
        pub Pair {
            let a = Input(3, dtype = token);
            let b = Input(2, dtype = token);
            let a = a => Embedding(20, 2) => Flatten;
            let b = b => Embedding(11, 2) => Flatten;
            Concatenate(a, b) => Dense(1)
        }
    }
    let data: Dataset<(Tokens<3>, Tokens<2>), Rank1<1>> = Dataset::generate(4, |i| {
        let second = if i == 2 { [3, 11] } else { [10, 0] };
        ((Tokens::from([19; 3]), Tokens::from(second)), [1.0].into())
    });
    let expected = "input 1 of sample 2 has the token 11 at index 1, expected one below 11, the vocabulary of the \
                    model's `Embedding`";
    let mut model = Pair::new(Seed(1)).compile(SGD::new(0.1), MeanSquaredError, ());
    let before = model.model().as_slice().to_vec();
    let messages = [
        model
            .fit(&data, Fit::epochs(1).batch_size(4).quiet())
            .unwrap_err(),
        model.evaluate(&data).unwrap_err(),
        model.predict_all(&data).unwrap_err(),
    ];
    for message in messages {
        assert_eq!(message.to_string(), expected);
    }
    assert_eq!(before, model.model().as_slice());
}

#[test]
fn moments_are_those_of_the_steps_that_count() {
    let golden = Tensors::open("masks.safetensors");
    let of = |name: &str| golden.tensor(&format!("normalized.{name}"));
    let x: Vec<u16> = of("x0").iter().map(|x| *x as u16).collect();
    let mut net = Normalized::zeroed();
    net.as_mut_slice().copy_from_slice(&of("weights"));
    let (y, batch) = (of("y"), x.len() / 6);
    let mut arena = vec![f32::NAN; batch * Normalized::ARENA_LEN];
    let mut found = vec![f32::NAN; y.len()];
    net.logits(&x, &mut Memory::new(&mut arena, batch), &mut found);
    assert_close("inference", &found, &of("inferred"), TOLERANCE);

    let mut training = vec![f32::NAN; batch * Normalized::TRAINING_LEN];
    let mut memory = Memory::new(&mut training, batch);
    net.forward_training(&x, &mut memory, Step::new(Seed(1), 0));
    let pass = Normalized::heads(&mut memory);
    assert_close("training", pass.logits, &y, TOLERANCE);
    pass.gradient.copy_from_slice(&of("dy"));
    let mut gradient = Normalized::zeroed();
    gradient.as_mut_slice().fill(f32::NAN);
    let into = Gradient::of_layer(&mut *gradient);
    let none = <Normalized as Model>::Input::no_gradients();
    net.backward(&x, &mut memory, into, none, false);
    assert_close("gradient", gradient.as_slice(), &of("d_weights"), TOLERANCE);
}

use kerust::tensor::Tensors as _;

macro_rules! equal_keras {
    ($($case:ident: $model:ident($($input:ident),+);)+) => {$(
        #[test]
        fn $case() {
            let golden = Tensors::open("masks.safetensors");
            let mut number = 0;
            let mut open = |tokens: bool| {
                number += 1;
                let name = format!("{}.x{}", stringify!($case), number - 1);
                Values::open(&golden, &name, tokens)
            };
            let values = [$(open(stringify!($input) == "tokens")),+];
            let mut values = values.iter();
            check::<$model, _>(&golden, stringify!($case), ($(values.next().unwrap().$input()),+));
        }
    )+};
}
equal_keras! {
    lstm: Lstm(tokens);
    lstm_sequences: LstmSequences(tokens);
    gru_backwards: GruBackwards(tokens);
    gru_before: GruBefore(tokens);
    simple_rnn_zeros: SimpleRnnZeros(tokens);
    two_layers: TwoLayers(tokens);
    bidirectional: BothWays(tokens);
    kept: Kept(tokens);
    average: MeanOfSteps(tokens);
    masking: Masked(series);
    self_attention: SelfAttention(tokens);
    cross_attention: CrossAttention(tokens, tokens);
    masked_query: MaskedQuery(tokens, series);
    masked_value: MaskedValue(series, tokens);
    add: Added(tokens, tokens);
    subtract: Subtracted(tokens, tokens);
    averages: Averaged(tokens, tokens);
    concatenate: Concatenated(tokens, tokens);
    multiply: Multiplied(tokens, tokens);
    maximum: Largest(tokens, tokens);
    minimum: Smallest(tokens, tokens);
    along_steps: AlongSteps(tokens, tokens);
    add_three: AddedThree(tokens, tokens, tokens);
    multiply_three: MultipliedThree(tokens, tokens, tokens);
    maximum_three: LargestOfThree(tokens, tokens, tokens);
    minimum_three: SmallestOfThree(tokens, tokens, tokens);
    blocks: Blocks(tokens);
    lstm_states: LstmStates(series);
    gru_state: GruState(tokens);
    encoder_decoder: EncoderDecoder(tokens, series);
    gru_encoder_decoder: GruEncoderDecoder(tokens, tokens);
    both_lstm_states: BothLstmStates(series);
    both_gru_states: BothGruStates(tokens);
    both_simple_rnn_states: BothSimpleRnnStates(series);
    both_encoder_decoder: BothEncoderDecoder(tokens, tokens);
    attention: Attend(tokens, tokens);
    attention_scaled: AttendScaled(tokens, tokens);
    attention_concat: AttendConcat(tokens, tokens);
    attention_scaled_concat: AttendScaledConcat(tokens, tokens);
    attention_additive: AttendAdditive(tokens, tokens);
    attention_additive_plain: AttendAdditivePlain(tokens, tokens);
    attention_masked_query: AttendMaskedQuery(tokens, series);
    attention_masked_value: AttendMaskedValue(series, tokens);
    attention_three: AttendThree(series, series, series);
    both_gru_encoder_decoder: BothGruEncoderDecoder(series, series);
}
