//! Compares tokens, masks and states with Keras: outputs, and the gradients of all weights.

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

model! { pub Lstm: Input(6, dtype = token) => Embedding(11, 4, mask_zero = true) => LSTM(5) }
model! {
    pub LstmSequences:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LSTM(5, return_sequences = true)
        => GlobalAveragePooling1D
}
model! {
    pub GruBackwards:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => GRU(5, return_sequences = true, go_backwards = true)
        => SimpleRNN(3)
}
model! {
    pub GruBefore:
        Input(5, dtype = token) => Embedding(11, 3, mask_zero = true) => GRU(4, reset_after = false)
}
model! {
    pub SimpleRnnZeros:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => SimpleRNN(5, return_sequences = true, zero_output_for_mask = true)
        => LSTM(3)
}
model! {
    pub TwoLayers:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LSTM(5, return_sequences = true)
        => GRU(3)
}
model! {
    pub BothWays:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Bidirectional(LSTM(3, return_sequences = true))
        => Bidirectional(GRU(2), merge_mode = sum)
}
model! {
    pub Kept:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LayerNormalization
        => Dense(5, tanh)
        => Dropout(0.0)
        => Rescaling(0.5)
        => LSTM(3)
}
model! {
    pub Average:
        Input(6, dtype = token) => Embedding(11, 4, mask_zero = true) => GlobalAveragePooling1D
}
model! {
    pub Masked: Input(6, 3) => Masking => GRU(4, return_sequences = true) => Dense(2) => LSTM(3)
}
model! {
    pub SelfAttention:
        Input(5, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Residual(MultiHeadAttention(2, 3))
        => GlobalAveragePooling1D
}
model! {
    pub CrossAttention {
        let query = Input(5, dtype = token);
        let value = Input(7, dtype = token);
        let query = query => Embedding(11, 4, mask_zero = true);
        let value = value => Embedding(11, 4, mask_zero = true);
        MultiHeadAttention(query, value, num_heads = 2, key_dim = 3) => LSTM(3)
    }
}
model! {
    pub MaskedQuery {
        let query = Input(5, dtype = token);
        let value = Input(7, 4);
        let query = query => Embedding(11, 4, mask_zero = true);
        MultiHeadAttention(query, value, num_heads = 1, key_dim = 3) => LSTM(3)
    }
}
model! {
    pub MaskedValue {
        let query = Input(5, 4);
        let value = Input(7, dtype = token);
        let value = value => Embedding(11, 4, mask_zero = true);
        MultiHeadAttention(query, value, num_heads = 1, key_dim = 3) => LSTM(3)
    }
}
macro_rules! merges {
    ($($name:ident $merge:ident;)+) => {$(
        model! {
            pub $name {
                let a = Input(5, dtype = token);
                let b = Input(5, dtype = token);
                let a = a => Embedding(11, 3, mask_zero = true);
                let b = b => Embedding(11, 3, mask_zero = true);
                $merge(a, b) => LSTM(3)
            }
        }
    )+};
}
merges! {
    Added Add;
    Subtracted Subtract;
    Averaged Average;
    Concatenated Concatenate;
    Multiplied Multiply;
    Largest Maximum;
    Smallest Minimum;
}
model! {
    pub AlongSteps {
        let a = Input(5, dtype = token);
        let b = Input(7, dtype = token);
        let a = a => Embedding(11, 3, mask_zero = true);
        let b = b => Embedding(11, 3, mask_zero = true);
        Concatenate(a, b, axis = 1) => LSTM(3)
    }
}
macro_rules! merges_of_three {
    ($($name:ident $merge:ident;)+) => {$(
        model! {
            pub $name {
                let a = Input(5, dtype = token);
                let b = Input(5, dtype = token);
                let c = Input(5, dtype = token);
                let a = a => Embedding(11, 3, mask_zero = true);
                let b = b => Embedding(11, 3, mask_zero = true);
                let c = c => Embedding(11, 3, mask_zero = true);
                $merge(a, b, c) => LSTM(3)
            }
        }
    )+};
}
merges_of_three! {
    AddedThree Add;
    MultipliedThree Multiply;
    LargestOfThree Maximum;
    SmallestOfThree Minimum;
}
model! {
    pub Blocks:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Residual(LayerNormalization => Dense(4, relu))
        => Repeat(2, Residual(Dense(4, tanh)))
        => TimeDistributed(Dense(3))
        => LSTM(2)
}
model! {
    pub Normalized:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => BatchNormalization(momentum = 0.0)
        => GRU(3, return_sequences = true)
}
model! {
    pub LstmStates {
        let x = Input(6, 3);
        let (x, h, c) = x => LSTM(4, return_sequences = true, return_state = true);
        let x = x => Flatten;
        Concatenate(x, h, c)
    }
}
model! {
    pub GruState {
        let x = Input(6, dtype = token);
        let (_, h) = x => Embedding(11, 3, mask_zero = true) => GRU(4, return_state = true);
        h => Dense(2)
    }
}
model! {
    pub EncoderDecoder {
        let from = Input(6, dtype = token);
        let to = Input(4, 3);
        let (_, h, c) = from => Embedding(11, 3, mask_zero = true) => LSTM(5, return_state = true);
        LSTM(5, return_sequences = true)(to, initial_state = (h, c)) => Dense(2)
    }
}
model! {
    pub GruEncoderDecoder {
        let from = Input(6, dtype = token);
        let to = Input(4, dtype = token);
        let from = from => Embedding(11, 3, mask_zero = true);
        let to = to => Embedding(11, 2, mask_zero = true);
        let (_, h) = from => GRU(5, return_state = true);
        GRU(5, return_sequences = true)(to, initial_state = h) => LSTM(2)
    }
}
model! {
    pub BothLstmStates {
        let x = Input(6, 3);
        let (x, fh, fc, bh, bc) =
            x => Bidirectional(LSTM(4, return_sequences = true, return_state = true));
        let x = x => Flatten;
        let ends = Concatenate(fh, fc, bh, bc);
        Concatenate(x, ends)
    }
}
model! {
    pub BothGruStates {
        let x = Input(6, dtype = token);
        let x = x => Embedding(11, 3, mask_zero = true);
        let (x, f, b) = x => Bidirectional(GRU(3, return_state = true), merge_mode = mul);
        Concatenate(x, f, b)
    }
}
model! {
    pub BothSimpleRnnStates {
        let x = Input(1, 1);
        let (x, f, b) = x => Bidirectional(SimpleRNN(1, return_state = true), merge_mode = ave);
        Concatenate(x, f, b)
    }
}
model! {
    pub BothEncoderDecoder {
        let from = Input(6, dtype = token);
        let to = Input(4, dtype = token);
        let from = from => Embedding(11, 3, mask_zero = true);
        let to = to => Embedding(11, 2, mask_zero = true);
        let (_, fh, fc, bh, bc) = from => Bidirectional(LSTM(5, return_state = true));
        let (x, fh, fc, bh, bc) = Bidirectional(
            LSTM(5, return_sequences = true, return_state = true),
            merge_mode = sum
        )(to, initial_state = (fh, fc, bh, bc));
        let x = x => LSTM(2);
        let ends = Concatenate(fh, fc, bh, bc);
        Concatenate(x, ends)
    }
}
model! {
    pub BothGruEncoderDecoder {
        let from = Input(6, 2);
        let to = Input(1, 3);
        let (_, f, b) = from => Bidirectional(GRU(3, return_state = true));
        Bidirectional(GRU(3, return_sequences = true))(to, initial_state = (f, b)) => Dense(2)
    }
}
macro_rules! attentions {
    ($($name:ident $layer:ident($($argument:tt)*);)+) => {$(
        model! {
            pub $name {
                let query = Input(5, dtype = token);
                let value = Input(7, dtype = token);
                let query = query => Embedding(11, 4, mask_zero = true);
                let value = value => Embedding(11, 4, mask_zero = true);
                $layer(query, value $($argument)*) => LSTM(3)
            }
        }
    )+};
}
attentions! {
    Attend Attention();
    AttendScaled Attention(, use_scale = true);
    AttendConcat Attention(, score_mode = concat);
    AttendScaledConcat Attention(, use_scale = true, score_mode = concat);
    AttendAdditive AdditiveAttention();
    AttendAdditivePlain AdditiveAttention(, use_scale = false);
}
model! {
    pub AttendMaskedQuery {
        let query = Input(5, dtype = token);
        let value = Input(7, 4);
        let query = query => Embedding(11, 4, mask_zero = true);
        Attention(query, value, use_scale = true) => LSTM(3)
    }
}
model! {
    pub AttendMaskedValue {
        let query = Input(5, 4);
        let value = Input(5, dtype = token);
        let value = value => Embedding(11, 4, mask_zero = true);
        AdditiveAttention(query, value, use_causal_mask = true) => LSTM(3)
    }
}
model! {
    pub AttendThree {
        let query = Input(1, 1);
        let value = Input(3, 1);
        let key = Input(3, 1);
        Attention(query, value, key, use_scale = true, score_mode = concat, use_causal_mask = true)
            => Flatten
    }
}

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
    average: Average(tokens);
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
