//! 8-bit twins of models.

use kerust::prelude::*;
use kerust::quantize::QuantizationReport;

model! {
    #[int8]
    pub Small: Input(4) => Dense(8, relu) => Dense(3, softmax)
}

model! {
    /// Every 8-bit layer of images.
    #[int8]
    pub Image {
        let x = Input(9, 8, 3);
        let x = x => Rescaling(1.0 / 255.0, offset = -0.5)
            => Conv2D(8, 3x3, same, strides = 2)
            => BatchNormalization
            => Activation(relu6)
            => ZeroPadding2D((1, 2))
            => DepthwiseConv2D(3x3, same, tanh)
            => Dropout(0.3);
        let a = x => MaxPooling2D(2x2) => Conv2D(6, 1x1, leaky_relu);
        let b = x => AveragePooling2D(2x2) => Conv2D(4, 3x3, same, groups = 2, use_bias = false) => BatchNormalization => ReLU;
        let joined = Concatenate(a, b);
        joined => Residual(Conv2D(10, 3x3, same) => BatchNormalization)
            => ReLU
            => BatchNormalization
            => LeakyReLU(0.1)
            => GlobalAveragePooling2D
            => Dense(7, sigmoid)
            => Dense(5, softmax)
    }
}

model! {
    /// Activations with settings.
    #[int8]
    pub Functions: Input(6)
        => Dense(8, leaky_relu(0.3))
        => ELU(0.5)
        => Dense(8, gelu)
        => Activation(hard_tanh)
        => Dense(3, celu(0.5))
}

model! {
    /// Every 8-bit layer of sequences.
    #[int8]
    pub Series: Input(20, 3)
        => Conv1D(8, 3, causal, relu, dilation_rate = 2)
        => ZeroPadding1D(1)
        => MaxPooling1D(2)
        => Conv1D(6, 3, same, strides = 2)
        => ReLU(max_value = 1.0)
        => AveragePooling1D(2)
        => Reshape(6, 3)
        => GlobalAveragePooling1D
        => Dense(1, sigmoid)
}

model! {
    /// Several inputs and outputs.
    #[int8]
    pub Several {
        let left = Input(6);
        let right = Input(4);
        let a = left => Dense(5, relu);
        let b = right => Dense(5);
        let sum = Add(a, b);
        let kind = sum => Dense(3, softmax);
        let size = b => Dense(1);
        (kind, size)
    }
}

model! {
    /// Sums of three and four values.
    #[int8]
    pub Sums {
        let x = Input(6);
        let a = x => Dense(5, relu);
        let b = x => Dense(5, tanh);
        let c = x => Dense(5);
        let d = x => Dense(5, sigmoid);
        let three = Add(a, b, c) => ReLU;
        Add(three, b, a, d) => Dense(3)
    }
}

model! {
    #[int8(input = int8, output = int8)]
    pub Integers: Input(4) => Rescaling(0.5) => Dense(8, relu) => Dense(3, softmax)
}

/// Numbers that look random, from -1 to 1.
pub fn number(seed: usize) -> f32 {
    let mut x = (seed as u32)
        .wrapping_mul(747_796_405)
        .wrapping_add(2_891_336_453);
    x = ((x >> ((x >> 28) + 4)) ^ x).wrapping_mul(277_803_737);
    ((x >> 22) ^ x) as f32 / u32::MAX as f32 * 2.0 - 1.0
}

/// A model whose weights and state are all different.
pub fn filled<M: Train>() -> Box<M> {
    let mut model = M::new(Seed(3));
    for (place, value) in model.as_mut_slice().iter_mut().enumerate() {
        // Variances are positive.
        *value = (*value + 0.3 * number(place)).abs().max(0.05) * number(place + 7).signum();
        if *value < 0.0 && place % 3 > 0 {
            *value = -*value;
        }
    }
    model
}

/// The signal-to-noise ratio of outputs, in decibels, beside that of the report.
fn agrees(wanted: &[Vec<f32>], found: &[Vec<f32>], report: &QuantizationReport, least: f64) {
    let [mut signal, mut lost] = [0.0f64; 2];
    for (wanted, found) in wanted.iter().flatten().zip(found.iter().flatten()) {
        signal += f64::from(*wanted).powi(2);
        lost += (f64::from(*wanted) - f64::from(*found)).powi(2);
    }
    let ratio = 10.0 * (signal / lost).log10();
    assert!(ratio > least, "{ratio:.1} dB\n{report}");
    // The quantizer's own 8-bit network gave the same numbers; batch sizes change the f32 ones by rounding.
    let gap = (ratio - report.signal_to_noise()).abs();
    assert!(
        gap < 0.01,
        "{ratio} dB, the report says {}",
        report.signal_to_noise()
    );
}

/// Positive variances for each batch normalization.
pub fn samples<S: kerust::tensor::StaticShape, Y: Data>(
    count: usize,
    scale: f32,
    label: impl Fn(usize) -> Y::Value,
) -> Dataset<S, Y> {
    Dataset::fill(count, |sample, x: &mut Tensor<S>, y| {
        for (place, value) in x.as_mut_slice().iter_mut().enumerate() {
            *value = scale * (number(sample * 1009 + place) + 0.5 * number(sample));
        }
        *y = label(sample);
    })
}

#[test]
fn a_twin_agrees_and_is_predicted_in_an_arena_by_the_same_bits() {
    let net = Small::new(Seed(1));
    let data = samples::<Rank1<4>, Class<3>>(200, 1.0, |i| Class::new(i % 3));
    let (int8, report) = net.quantize(&data).unwrap();
    assert!(report.agreement().unwrap() > 0.95, "{report}");
    let mut arena = Arena::new();
    for i in 0..20 {
        let x = data.input(i);
        assert_eq!(int8.predict(&x), int8.predict_in(&x, &mut arena));
    }
    let (float, quantized) = (net.accuracy(&data).unwrap(), int8.accuracy(&data).unwrap());
    assert!((float - quantized).abs() < 0.05, "{float} {quantized}");
}

#[test]
fn every_layer_of_images_has_8_bits() {
    let mut net = filled::<Image>();
    for layer in [
        &mut net.batch_normalization.moving_variance[..],
        &mut net.batch_normalization_1.moving_variance,
        &mut net.batch_normalization_2.moving_variance,
        &mut net.batch_normalization_3.moving_variance,
    ] {
        layer
            .iter_mut()
            .for_each(|value| *value = value.abs() + 0.2);
    }
    let data = samples::<Rank3<9, 8, 3>, Class<5>>(100, 200.0, |i| Class::new(i % 5));
    let (int8, report) = net.quantize(&data).unwrap();
    println!("{report}\n{}", ImageInt8::summary());
    let inputs = (0..data.len()).map(|i| data.input(i));
    let (wanted, found) = inputs
        .map(|x| {
            let [a, b] = [net.predict(&x), int8.predict(&x)];
            (a.as_slice().to_vec(), b.as_slice().to_vec())
        })
        .unzip::<_, _, Vec<_>, Vec<_>>();
    agrees(&wanted, &found, &report, 20.0);
}

#[test]
fn every_layer_of_sequences_has_8_bits() {
    let net = filled::<Series>();
    let data = samples::<Rank2<20, 3>, Binary>(100, 1.0, |i| (i % 2 == 0).into());
    let (int8, report) = net.quantize(&data).unwrap();
    println!("{report}\n{}", SeriesInt8::summary());
    let inputs = (0..data.len()).map(|i| data.input(i));
    let (wanted, found) = inputs
        .map(|x| {
            let [a, b] = [net.predict(&x), int8.predict(&x)];
            (a.as_slice().to_vec(), b.as_slice().to_vec())
        })
        .unzip::<_, _, Vec<_>, Vec<_>>();
    agrees(&wanted, &found, &report, 20.0);
    assert_eq!(report.agreement(), None);
}

#[test]
fn activations_with_settings_are_tables() {
    let net = filled::<Functions>();
    let data = samples::<Rank1<6>, Rank1<3>>(100, 1.0, |_| [0.0; 3].into());
    let (int8, report) = net.quantize(&data).unwrap();
    let names: Vec<_> = report.layers().iter().map(|layer| layer.name).collect();
    assert_eq!(names.len(), FunctionsInt8::LAYERS.len() - 2, "{names:?}");
    let inputs = (0..data.len()).map(|i| data.input(i));
    let (wanted, found) = inputs
        .map(|x| {
            let [a, b] = [net.predict(&x), int8.predict(&x)];
            (a.as_slice().to_vec(), b.as_slice().to_vec())
        })
        .unzip::<_, _, Vec<_>, Vec<_>>();
    agrees(&wanted, &found, &report, 20.0);
}

#[test]
fn sums_of_many_values_are_added_two_at_a_time() {
    let net = filled::<Sums>();
    let data = samples::<Rank1<6>, Rank1<3>>(100, 1.0, |_| [0.0; 3].into());
    let (int8, report) = net.quantize(&data).unwrap();
    let names: Vec<_> = report.layers().iter().map(|layer| layer.name).collect();
    assert!(names.contains(&"add_part") && names.contains(&"add_1_part_1"));
    let inputs = (0..data.len()).map(|i| data.input(i));
    let (wanted, found) = inputs
        .map(|x| {
            let [a, b] = [net.predict(&x), int8.predict(&x)];
            (a.as_slice().to_vec(), b.as_slice().to_vec())
        })
        .unzip::<_, _, Vec<_>, Vec<_>>();
    agrees(&wanted, &found, &report, 25.0);
    // Weights and biases: those of the model.
    assert_eq!(SumsInt8::PARAMS, Sums::PARAMS);
    assert_eq!(IntegersInt8::PARAMS, Integers::PARAMS);
}

#[test]
fn a_sum_that_may_overflow_is_refused() {
    let folder = tempfile();
    let path = folder.join("overflow.safetensors");
    let net = Small::new(Seed(1));
    let data = samples::<Rank1<4>, Class<3>>(50, 1.0, |i| Class::new(i % 3));
    let (mut int8, _) = net.quantize(&data).unwrap();
    int8.dense.bias[2] = i32::MAX - 100;
    int8.save(&path).unwrap();
    let error = SmallInt8::load(&path).map(drop).unwrap_err().to_string();
    assert!(
        error.contains("`dense.bias` holds a bias of 2147483547"),
        "{error}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn several_inputs_and_outputs_have_quantizations_of_their_own() {
    let net = filled::<Several>();
    type Inputs = (Rank1<6>, Rank1<4>);
    let data = Dataset::<Inputs, (Class<3>, Rank1<1>)>::generate(100, |sample| {
        let value = |place: usize| number(sample * 31 + place);
        let left = [0, 1, 2, 3, 4, 5].map(value);
        let right = [6, 7, 8, 9].map(|place| 10.0 * value(place));
        (
            (left.into(), right.into()),
            (Class::new(sample % 3), [0.0].into()),
        )
    });
    let (int8, report) = net.quantize(&data).unwrap();
    let inputs = (0..data.len()).map(|i| data.input(i));
    let (wanted, found) = inputs
        .map(|x| {
            let [a, b] = [net.predict(&x), int8.predict(&x)];
            let flat = |y: &(Tensor<Rank1<3>>, Tensor<Rank1<1>>)| {
                [y.0.as_slice(), y.1.as_slice()].concat()
            };
            (flat(&a), flat(&b))
        })
        .unzip::<_, _, Vec<_>, Vec<_>>();
    agrees(&wanted, &found, &report, 25.0);
}

#[test]
fn integers_go_in_and_out_without_a_conversion() {
    let net = Integers::new(Seed(1));
    let data = samples::<Rank1<4>, Class<3>>(100, 2.0, |i| Class::new(i % 3));
    let (int8, _) = net.quantize(&data).unwrap();
    let quantization = int8.quantize.quantization();
    for i in 0..20 {
        let x = data.input(i);
        let q: Tensor<Rank1<4>, i8> = x.map(|x| quantization.quantize(0.5 * x));
        let y: Tensor<Rank1<3>, i8> = int8.predict(&q);
        let wanted = net.predict(&x);
        for (y, wanted) in y.as_slice().iter().zip(wanted.as_slice()) {
            let found = int8.dequantize.quantization().dequantize(*y);
            assert!((found - wanted).abs() < 0.03);
        }
    }
}

#[test]
fn a_file_of_a_twin_is_read_and_that_of_the_model_refused() {
    let folder = tempfile();
    let (float, quantized) = (
        folder.join("net.safetensors"),
        folder.join("net-int8.safetensors"),
    );
    let net = Small::new(Seed(1));
    let data = samples::<Rank1<4>, Class<3>>(50, 1.0, |i| Class::new(i % 3));
    let (int8, _) = net.quantize(&data).unwrap();
    net.save(&float).unwrap();
    int8.save(&quantized).unwrap();
    let again = SmallInt8::load(&quantized).unwrap();
    assert_eq!(again.predict(&data.input(0)), int8.predict(&data.input(0)));
    let error = SmallInt8::load(&float).map(drop).unwrap_err().to_string();
    println!("{error}");
    assert!(
        error.contains("SmallInt8") && error.contains("Small"),
        "{error}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

fn tempfile() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!(
        "kerust-quantize-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
