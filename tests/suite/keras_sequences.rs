//! Compares sequence layers with Keras: outputs, gradients of input and weights, and training step by step.

use crate::golden::{Tensors, assert_close};
use crate::keras_layers::{Probe, check, equal_keras};
use crate::keras_training::losses;
use kerust::__private::memory::Memory;
use kerust::activation::Linear;
use kerust::gradient::Gradient;
use kerust::layer::LayerData;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::rng::Step;
use kerust::tensor::StaticShape;

equal_keras! {
    "sequence_layers.safetensors":
    dense_steps: Input(7, 3) => Reshape(7, 3) => Dense(5, tanh);
    dense_one_step: Input(1, 17) => Reshape(1, 17) => Dense(3, use_bias = false);
    layer_normalization_steps: Input(7, 5) => LayerNormalization;
    batch_normalization_steps: Input(7, 5) => BatchNormalization(trainable = false);
    softmax_steps: Input(7, 5) => Softmax;
    gelu_steps: Input(7, 5) => Activation(gelu);
    flatten_steps: Input(7, 5) => Flatten;
    reshape_steps: Input(7, 5) => Reshape(5, 7);
    conv1d_same: Input(7, 3) => Conv1D(4, 3, same);
    conv1d_valid_relu: Input(7, 3) => Conv1D(4, 3, relu);
    conv1d_causal: Input(7, 3) => Conv1D(4, 3, causal);
    conv1d_causal_dilation3: Input(7, 3) => Conv1D(4, 3, causal, dilation_rate = 3);
    conv1d_causal_stride3: Input(8, 3) => Conv1D(4, 4, padding = causal, strides = 3);
    conv1d_causal_stride2: Input(7, 3) => Conv1D(4, 2, 2, causal);
    conv1d_stride2_same: Input(9, 2) => Conv1D(3, 4, strides = 2, same);
    conv1d_stride2_valid: Input(8, 2) => Conv1D(3, 3, 2);
    conv1d_dilation2: Input(9, 2) => Conv1D(3, 3, dilation_rate = 2);
    conv1d_groups2: Input(5, 4) => Conv1D(6, 3, same, groups = 2);
    conv1d_one_step: Input(1, 17) => Conv1D(3, 1);
    conv1d_no_bias: Input(17, 1) => Conv1D(1, 3, same, use_bias = false);
    depthwise_conv1d_same: Input(7, 3) => DepthwiseConv1D(3, same, depth_multiplier = 2);
    depthwise_conv1d_stride2: Input(9, 5) => DepthwiseConv1D(4, 2, relu, use_bias = false);
    separable_conv1d_same: Input(7, 3) => SeparableConv1D(4, 3, same, depth_multiplier = 2);
    separable_conv1d_stride2: Input(8, 3) => SeparableConv1D(5, 3, 2, tanh, use_bias = false);
    conv1d_transpose_same: Input(5, 3) => Conv1DTranspose(4, 3, 2, same);
    conv1d_transpose_valid: Input(5, 3) => Conv1DTranspose(2, 4, 3, relu);
    max_pooling1d_2: Input(7, 3) => MaxPooling1D;
    max_pooling1d_3_stride2_same: Input(8, 3) => MaxPooling1D(3, 2, same);
    max_pooling1d_2_stride1: Input(5, 3) => MaxPooling1D(2, strides = 1);
    average_pooling1d_2: Input(7, 3) => AveragePooling1D(2);
    average_pooling1d_3_stride2_same: Input(8, 3) => AveragePooling1D(3, 2, same);
    average_pooling1d_2_stride1: Input(5, 3) => AveragePooling1D(2, 1);
    global_max_pooling1d: Input(7, 3) => GlobalMaxPooling1D;
    global_average_pooling1d: Input(7, 3) => GlobalAveragePooling1D;
    zero_padding1d: Input(5, 3) => ZeroPadding1D((1, 2));
    zero_padding1d_2: Input(1, 3) => ZeroPadding1D(2);
    cropping1d: Input(7, 3) => Cropping1D((1, 2));
    cropping1d_default: Input(7, 3) => Cropping1D;
    up_sampling1d: Input(5, 3) => UpSampling1D(3);
    repeat_vector: Input(3) => RepeatVector(4);
    permute: Input(5, 3) => Permute(2, 1);
    permute_image: Input(5, 3, 2) => Permute(3, 1, 2);
    simple_rnn_last: Input(7, 3) => SimpleRNN(5);
    simple_rnn_sequences: Input(7, 3) => SimpleRNN(5, return_sequences = true);
    simple_rnn_backwards: Input(6, 2) => SimpleRNN(4, return_sequences = true, go_backwards = true);
    simple_rnn_one_step: Input(1, 17) => SimpleRNN(3);
    simple_rnn_one_feature: Input(17, 1) => SimpleRNN(1, use_bias = false);
    simple_rnn_relu: Input(7, 3) => SimpleRNN(5, relu);
    lstm_last: Input(7, 3) => LSTM(5);
    lstm_sequences: Input(7, 3) => LSTM(5, return_sequences = true);
    lstm_backwards: Input(6, 2) => LSTM(4, return_sequences = true, go_backwards = true);
    lstm_one_step: Input(1, 17) => LSTM(3);
    lstm_one_feature: Input(17, 1) => LSTM(1, use_bias = false);
    lstm_relu: Input(7, 3) => LSTM(5, activation = relu);
    lstm_gates: Input(5, 3) => LSTM(4, activation = softsign, recurrent_activation = hard_sigmoid);
    gru_last: Input(7, 3) => GRU(5);
    gru_sequences: Input(7, 3) => GRU(5, return_sequences = true);
    gru_backwards: Input(6, 2) => GRU(4, return_sequences = true, go_backwards = true);
    gru_one_step: Input(1, 17) => GRU(3);
    gru_one_feature: Input(17, 1) => GRU(1, use_bias = false);
    gru_relu: Input(7, 3) => GRU(5, activation = relu);
    gru_before: Input(7, 3) => GRU(5, reset_after = false);
    bidirectional_lstm_concat: Input(5, 3) => Bidirectional(LSTM(4));
    bidirectional_lstm_sum: Input(5, 3) => Bidirectional(LSTM(4), merge_mode = sum);
    bidirectional_lstm_mul: Input(5, 3) => Bidirectional(LSTM(4), mul);
    bidirectional_lstm_ave: Input(5, 3) => Bidirectional(LSTM(4), merge_mode = ave);
    bidirectional_gru_sequences_concat: Input(5, 3) => Bidirectional(GRU(4, return_sequences = true));
    bidirectional_gru_sequences_sum: Input(5, 3) => Bidirectional(GRU(4, return_sequences = true), sum);
    bidirectional_gru_sequences_mul: Input(5, 3) => Bidirectional(GRU(4, return_sequences = true), mul);
    bidirectional_gru_sequences_ave: Input(5, 3) => Bidirectional(GRU(4, return_sequences = true), ave);
    bidirectional_simple_rnn: Input(1, 17) => Bidirectional(SimpleRNN(3, relu));
    time_distributed_dense: Input(5, 3) => Reshape(5, 3) => TimeDistributed(Dense(4, relu));
    time_distributed_conv2d: Input(3, 5, 4, 2) => Reshape(3, 5, 4, 2) => TimeDistributed(Conv2D(3, 3x3, same, relu));
    time_distributed_flatten: Input(3, 5, 2) => Reshape(3, 5, 2) => TimeDistributed(Flatten);
    time_distributed_lstm: Input(3, 5, 2) => Reshape(3, 5, 2) => TimeDistributed(LSTM(4));
    self_attention: Input(5, 4) => MultiHeadAttention(2, 3);
    self_attention_wider: Input(5, 4) => MultiHeadAttention(2, 3, output_shape = 7);
    self_attention_narrower: Input(5, 4) => MultiHeadAttention(2, 3, output_shape = 1, use_bias = false);
    self_attention_one_head: Input(7, 3) => MultiHeadAttention(num_heads = 1, key_dim = 8, value_dim = 3);
    self_attention_one_step: Input(1, 17) => MultiHeadAttention(3, 1, use_bias = false);
    self_attention_causal: Input(5, 4) => MultiHeadAttention(2, 3, 5, use_causal_mask = true);
    gru_before_sequences: Input(7, 3) => GRU(5, use_bias = false, return_sequences = true, reset_after = false);
}

/// Compares a layer with two inputs, between three probes, with the golden values of `case`.
fn check_two<M, A, B, S>(case: &str)
where
    M: Train<Input = (A, B), Heads = Head<Linear, S>>,
    A: StaticShape,
    B: StaticShape,
    S: StaticShape,
{
    const TOLERANCE: f32 = 2e-5;
    let golden = Tensors::open("sequence_layers.safetensors");
    let of = |name: &str| golden.tensor(&format!("{case}.{name}"));
    let all = |of: &str| -> Vec<f32> {
        let numbered = (0..8).filter_map(|place| golden.find(&format!("{case}.{of}{place}")));
        numbered.flatten().collect()
    };
    let (x, lens) = ([of("x0"), of("x1")], [A::LEN, B::LEN]);
    let first = 2 * (A::LEN + B::LEN);
    let mut net = M::zeroed();
    let weights = all("w");
    net.as_mut_slice()[first..][..weights.len()].copy_from_slice(&weights);
    let (y, dy) = (of("y"), of("dy"));
    let batch = y.len() / S::LEN;
    let mut arena = vec![0.0; batch * M::ARENA_LEN];
    let mut found = vec![f32::NAN; y.len()];
    let mut memory = Memory::new(&mut arena, batch);
    net.logits((&x[0], &x[1]), &mut memory, &mut found);
    assert_close(&format!("{case}.y"), &found, &y, TOLERANCE);
    let mut training = vec![f32::NAN; batch * M::TRAINING_LEN];
    let mut memory = Memory::new(&mut training, batch);
    net.forward_training((&x[0], &x[1]), &mut memory, Step::new(Seed(1), 0));
    M::heads(&mut memory).gradient.copy_from_slice(&dy);
    let mut gradient = M::zeroed();
    let into = Gradient::of_layer(&mut *gradient);
    net.backward((&x[0], &x[1]), &mut memory, into, (None, None), false);
    let expected = all("d_w");
    let found = &gradient.as_slice()[first..][..expected.len()];
    assert_close(&format!("{case}.d_weights"), found, &expected, TOLERANCE);
    for (input, (len, shift)) in lens
        .into_iter()
        .zip([A::LEN, 2 * A::LEN + B::LEN])
        .enumerate()
    {
        let dx = of(&format!("dx{input}"));
        let mut expected = vec![0.0; len];
        for dx in dx.chunks(len) {
            expected.iter_mut().zip(dx).for_each(|(sum, dx)| *sum += dx);
        }
        let found = &gradient.as_slice()[shift..][..len];
        assert_close(&format!("{case}.dx{input}"), found, &expected, TOLERANCE);
    }
}

macro_rules! two_equal_keras {
    ($($case:ident: $a:ident $first:tt, $b:ident $second:tt => $layer:ident($($argument:tt)*);)+) => {$(
        mod $case {
            use super::*;

            model! {
                Net {
                    let query = $a $first;
                    let value = $b $second;
                    let q = query => Probe => Reshape $first;
                    let v = value => Probe => Reshape $second;
                    let y = $layer(q, v, $($argument)*);
                    y => Probe
                }
            }

            #[test]
            fn equals_keras() {
                check_two::<Net, _, _, _>(stringify!($case));
            }
        }
    )+};
}

two_equal_keras! {
    cross_attention: Input(5, 4), Input(7, 6) => MultiHeadAttention(num_heads = 2, key_dim = 3, value_dim = 5);
    cross_attention_causal:
        Input(3, 3), Input(5, 3) => MultiHeadAttention(1, 4, use_bias = false, use_causal_mask = true);
    attention_dot: Input(5, 4), Input(7, 4) => Attention();
    attention_dot_causal: Input(5, 3), Input(5, 3) => Attention(use_causal_mask = true);
    additive_attention: Input(5, 4), Input(7, 4) => AdditiveAttention();
    additive_attention_causal:
        Input(5, 3), Input(5, 3) => AdditiveAttention(use_scale = false, use_causal_mask = true);
    dot_rows: Input(5, 4), Input(7, 4) => Dot(axes = 2);
    dot_axes: Input(5, 4), Input(3, 5) => Dot(axes = (1, 2));
    dot_vectors: Input(17), Input(17) => Dot(axes = 1);
    dot_last: Input(5, 4), Input(7, 4) => Dot(axes = -1);
    dot_negative: Input(5, 4), Input(3, 5) => Dot(axes = (-2, -1));
    dot_normalize: Input(5, 4), Input(7, 4) => Dot(axes = -1, normalize = true);
    dot_normalize_axes: Input(5, 4), Input(3, 5) => Dot((1, 2), normalize = true);
    dot_cosine: Input(17), Input(17) => Dot(axes = 1, normalize = true);
    dot_row_and_vector: Input(5, 4), Input(4) => Dot(axes = (2, 1));
}

/// A golden sample.
fn tensor<S: StaticShape>(values: &[f32], sample: usize) -> Tensor<S> {
    let mut tensor = Tensor::zeroed();
    let values = &values[sample * S::LEN..][..S::LEN];
    tensor.as_mut_slice().copy_from_slice(values);
    tensor
}

/// Compares the losses of 20 steps of Adam with the golden run of that name.
macro_rules! train_as_keras {
    ($($run:ident: $net:ident, $x:ty => $y:ty;)+) => {$(
        #[test]
        fn $run() {
            let golden = Tensors::open("sequence_training.safetensors");
            let of = |name: &str| golden.tensor(&format!("{}.{name}", stringify!($run)));
            let (x, y) = (of("x"), of("y"));
            let data: Dataset<$x, $y> =
                Dataset::generate(20 * 8, |i| (tensor(&x, i), tensor(&y, i)));
            let mut net = $net::zeroed();
            net.as_mut_slice().copy_from_slice(&of("weights"));
            let mut model = net.compile(Adam::new(0.01), MeanSquaredError, ());
            let found = losses(&mut model, &data, 8, 20);
            assert_close(stringify!($run), &found, &of("losses"), 1e-4);
        }
    )+};
}

model! {
    Forecast:
        Input(9, 2)
        => Conv1D(8, 3, causal, relu)
        => LSTM(6, return_sequences = true)
        => GRU(5)
        => Dense(1)
}

model! { TwoLSTM: Input(7, 3) => LSTM(7, return_sequences = true) => LSTM(5) => Dense(2) }

model! {
    TwoGRU:
        Input(7, 3)
        => GRU(7, return_sequences = true, reset_after = false)
        => BatchNormalization
        => GRU(5)
        => Dense(2)
}

model! {
    Transformer:
        Input(6, 8)
        => Residual(LayerNormalization => MultiHeadAttention(num_heads = 2, key_dim = 4))
        => Residual(LayerNormalization => Dense(16, gelu) => Dense(8))
        => GlobalAveragePooling1D
        => Dense(2)
}

model! {
    BothWays:
        Input(7, 3)
        => Bidirectional(LSTM(4, return_sequences = true))
        => Bidirectional(GRU(3), merge_mode = sum)
        => Dense(2)
}

mod twenty_steps_of {
    use super::*;

    train_as_keras! {
        forecast: Forecast, Rank2<9, 2> => Rank1<1>;
        lstm: TwoLSTM, Rank2<7, 3> => Rank1<2>;
        gru: TwoGRU, Rank2<7, 3> => Rank1<2>;
        bidirectional: BothWays, Rank2<7, 3> => Rank1<2>;
        transformer: Transformer, Rank2<6, 8> => Rank1<2>;
    }
}

model! {
    /// A model with random layers: for inputs, states, gates, channels and probabilities.
    Drawing:
        Input(9, 3)
        => Conv1D(8, 3, causal, relu)
        => SpatialDropout1D(0.2)
        => Bidirectional(LSTM(5, return_sequences = true, dropout = 0.2, recurrent_dropout = 0.3))
        => MultiHeadAttention(num_heads = 2, key_dim = 4, dropout = 0.2)
        => GRU(6, dropout = 0.2)
        => Dense(1)
}

type Trained = Compiled<Drawing, Rank1<1>>;

/// Continues the training on the given number of threads, and returns the bits of the weights.
fn fit(model: &mut Trained, epochs: usize, threads: usize) -> Vec<u32> {
    let data: Dataset<Rank2<9, 3>, Rank1<1>> = Dataset::generate(75, |i| {
        let value = |place: usize| ((i * 31 + place * 7) % 17) as f32 / 17.0;
        let x = Tensor::from_fn(|[step, feature]| value(3 * step + feature));
        (x, Tensor::from([value(5)]))
    });
    let fit = Fit::epochs(epochs).batch_size(32).seed(Seed(5));
    model.fit(&data, fit.threads(threads).quiet()).unwrap();
    let weights = model.weights().iter();
    weights.map(|weight| weight.to_bits()).collect()
}

#[test]
fn weights_have_the_same_bits_on_any_number_of_threads() {
    let run = |threads| {
        let mut model = Drawing::new(Seed(3)).compile(Adam::new(0.01), MeanSquaredError, ());
        fit(&mut model, 3, threads)
    };
    let first = run(1);
    for threads in [1, 2, 3] {
        assert!(run(threads) == first, "{threads} threads");
    }
}

#[test]
fn a_series_is_forecast() {
    model! {
        Net:
            Input(24, 2)
            => Conv1D(8, 3, same, relu)
            => LSTM(16, return_sequences = true)
            => GRU(16)
            => Dense(1)
    }
    let series: Dataset<Rank2<24, 2>, Rank1<1>> = Dataset::generate(128, |i| {
        let phase = i as f32 * 0.1;
        let x = Tensor::from_fn(|[t, c]| (phase + 0.3 * t as f32 + c as f32).sin());
        (x, Tensor::from([(phase + 0.3 * 24.0).sin()]))
    });
    let mut model =
        Net::new(Seed(6)).compile(Adam::new(0.005), MeanSquaredError, MeanAbsoluteError);
    let fit = Fit::epochs(20).batch_size(16).quiet();
    model.fit(&series, fit).unwrap();
    let error = model.evaluate(&series).unwrap()["mean_absolute_error"];
    assert!(error < 0.1, "{error}");
    assert_eq!(
        Net::MACS,
        24 * 3 * 2 * 8 + 24 * (8 + 16) * 64 + 24 * (16 + 16) * 48 + 16
    );
    let summary = Net::summary();
    assert!(
        summary.contains("lstm (LSTM)") && summary.contains("(None, 24, 16)"),
        "{summary}"
    );
}

#[test]
fn layers_after_a_product_are_applied_at_each_step() {
    model! {
        Sequence {
            let x = Input(5, 3);
            let y = x => Conv1D(4, 3, same, use_bias = false) => BatchNormalization => ReLU;
            let z = x => Dense(4) => BatchNormalization;
            Add(y, z) => Activation(relu) => Dense(2)
        }
    }
    model! {
        Image {
            let x = Input(1, 5, 3);
            let y = x => Conv2D(4, 1x3, same, use_bias = false) => BatchNormalization => ReLU;
            let z = x => Conv2D(4, 1x1) => BatchNormalization;
            Add(y, z) => Activation(relu) => Conv2D(2, 1x1)
        }
    }
    let (mut sequence, mut image) = (Sequence::zeroed(), Image::zeroed());
    assert_eq!(Sequence::PARAMS, Image::PARAMS);
    for (place, weight) in sequence.as_mut_slice().iter_mut().enumerate() {
        // Variances are not negative.
        *weight = ((place * 7 % 13) as f32 - 3.0) / 8.0 + 0.4;
    }
    image.as_mut_slice().copy_from_slice(sequence.as_slice());
    let value = |place: usize| (place as f32 * 0.7).sin();
    let found = sequence.predict(&Tensor::from_fn(|[t, c]| value(3 * t + c)));
    let expected = image.predict(&Tensor::from_fn(|[_, t, c]| value(3 * t + c)));
    assert_eq!(found.as_slice(), expected.as_slice());
    assert!(found.as_slice().iter().any(|y| *y != 0.0));
}

#[test]
fn sizes_may_be_constants() {
    const STEPS: usize = 7;
    const UNITS: usize = 5;
    model! {
        Constants:
            Input(STEPS, 3)
            => Conv1D(UNITS, 3, causal)
            => Bidirectional(LSTM(UNITS, return_sequences = true))
            => MultiHeadAttention(num_heads = 2, key_dim = UNITS)
            => TimeDistributed(Dense({ 2 * UNITS }, relu))
            => GRU(UNITS)
            => Dense(1)
    }
    model! {
        Numbers:
            Input(7, 3)
            => Conv1D(5, 3, causal)
            => Bidirectional(LSTM(5, return_sequences = true))
            => MultiHeadAttention(num_heads = 2, key_dim = 5)
            => TimeDistributed(Dense(10, relu))
            => GRU(5)
            => Dense(1)
    }
    let (constants, numbers) = (Constants::new(Seed(4)), Numbers::new(Seed(4)));
    assert_eq!(constants.as_slice(), numbers.as_slice());
    assert_eq!(Constants::MACS, Numbers::MACS);
    assert_eq!(Constants::ARENA_BYTES, Numbers::ARENA_BYTES);
    let x = Tensor::from_fn(|[t, c]| (t as f32 * 0.7 + c as f32).sin());
    assert_eq!(constants.predict(&x), numbers.predict(&x));
    let data: Dataset<Rank2<7, 3>, Rank1<1>> =
        Dataset::generate(9, |i| (x, Tensor::from([i as f32])));
    let mut model = constants.compile(Adam::new(0.01), MeanSquaredError, ());
    let before = model.evaluate(&data).unwrap()["loss"];
    model.fit(&data, Fit::epochs(3).quiet()).unwrap();
    assert!(model.evaluate(&data).unwrap()["loss"] < before);
}
