//! Published networks as `model!`: their parameter counts, and the predictions of their published weights.

use crate::golden::json;
use crate::keras_training::{glorot, golden_losses, losses, uniform};
use kerust::layer::LayerData;
use kerust::prelude::*;
use models::{Autoencoder, ResNet8};

#[path = "../../firmware/src/models.rs"]
pub mod models;

model! {
    /// LeCun et al. (1998), on 28×28 digits.
    pub LeNet5:
        Input(28, 28, 1)
        => Conv2D(6, 5x5, same, tanh)
        => AveragePooling2D(2x2)
        => Conv2D(16, 5x5, tanh)
        => AveragePooling2D(2x2)
        => Flatten
        => Dense(120, tanh)
        => Dense(84, tanh)
        => Dense(10, softmax)
}

model! {
    /// Keyword spotting of MLPerf Tiny: Zhang et al. (2017), a DS-CNN over 49 spectra.
    pub KeywordSpotting:
        Input(49, 10, 1)
        => Conv2D(64, 10x4, strides = 2, same) => BatchNormalization => ReLU
        => Repeat(4,
            DepthwiseConv2D(3x3, same) => BatchNormalization => ReLU
            => Conv2D(64, 1x1, same) => BatchNormalization => ReLU)
        => AveragePooling2D(25x5)
        => Flatten
        => Dense(12, softmax)
}

model! {
    /// MobileNetV1 at a width of 0.25 on 96×96 images: Howard et al. (2017), two classes.
    pub MobileNet:
        Input(96, 96, 3)
        => Conv2D(8, 3x3, strides = 2, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => DepthwiseConv2D(3x3, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Conv2D(16, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => DepthwiseConv2D(3x3, strides = 2, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Conv2D(32, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => DepthwiseConv2D(3x3, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Conv2D(32, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => DepthwiseConv2D(3x3, strides = 2, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Conv2D(64, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => DepthwiseConv2D(3x3, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Conv2D(64, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => DepthwiseConv2D(3x3, strides = 2, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Conv2D(128, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Repeat(5,
            DepthwiseConv2D(3x3, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
            => Conv2D(128, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6))
        => DepthwiseConv2D(3x3, strides = 2, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Conv2D(256, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => DepthwiseConv2D(3x3, same, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => Conv2D(256, 1x1, use_bias = false) => BatchNormalization => ReLU(max_value = 6)
        => GlobalAveragePooling2D
        => Dense(2, softmax)
}

model! {
    /// Ronneberger et al. (2015), with two levels: a mask for each pixel.
    pub UNet {
        let image = Input(32, 32, 1);
        let left_1 = image => Conv2D(8, 3x3, same, relu) => Conv2D(8, 3x3, same, relu);
        let left_2 = left_1 => MaxPooling2D(2x2) => Conv2D(16, 3x3, same, relu) => Conv2D(16, 3x3, same, relu);
        let bottom = left_2 => MaxPooling2D(2x2) => Conv2D(32, 3x3, same, relu) => Conv2D(32, 3x3, same, relu);
        let up_2 = bottom => Conv2DTranspose(16, 2x2, strides = 2);
        let right_2 = Concatenate(left_2, up_2) => Conv2D(16, 3x3, same, relu) => Conv2D(16, 3x3, same, relu);
        let up_1 = right_2 => Conv2DTranspose(8, 2x2, strides = 2);
        let right_1 = Concatenate(left_1, up_1) => Conv2D(8, 3x3, same, relu) => Conv2D(8, 3x3, same, relu);
        right_1 => Conv2D(1, 1x1, sigmoid)
    }
}

#[test]
fn parameters_and_multiply_adds_are_the_published_ones() {
    assert_eq!((LeNet5::PARAMS, LeNet5::MACS), (61_706, 416_520));
    assert_eq!((ResNet8::PARAMS, ResNet8::MACS), (78_666, 12_501_632));
    assert_eq!(KeywordSpotting::MACS, 2_656_768);
    assert_eq!((Autoencoder::PARAMS, Autoencoder::MACS), (269_992, 264_192));
    // `keras.applications.MobileNet(alpha=0.25, input_shape=(96, 96, 3), classes=2)` counts 219,058.
    assert_eq!(MobileNet::PARAMS, 219_058);
}

#[test]
fn inference_takes_little_more_memory_than_its_fullest_step() {
    fn check<M: Model>() {
        let steps = M::LAYERS.iter().map(|layer| layer.arena_bytes);
        let fullest = steps.max().unwrap_or_default();
        let planned = 4 * M::ARENA_LEN;
        println!(
            "{}: {planned} bytes, {fullest} at the fullest step",
            M::NAME
        );
        assert!(fullest <= planned && planned * 10 <= fullest * 11);
    }
    check::<LeNet5>();
    check::<ResNet8>();
    check::<KeywordSpotting>();
    check::<Autoencoder>();
    check::<MobileNet>();
    check::<UNet>();
    // Two neighbours of the largest layers, of which the output holds one where it is as long, and the
    // factors and shifts of a normalization. At a residual they are what it skips, which the sum
    // overwrites, and what its last product reads.
    assert_eq!(KeywordSpotting::ARENA_BYTES, 4 * 2 * 25 * 5 * 64);
    assert_eq!(Autoencoder::ARENA_BYTES, 4 * 128);
    assert_eq!(MobileNet::ARENA_BYTES, 4 * (48 * 48 * (8 + 16) + 2 * 16));
    assert_eq!(ResNet8::ARENA_BYTES, 4 * 16 * (2 * 32 * 32 + 2));
}

#[test]
fn twenty_adam_steps_of_resnet8_follow_keras() {
    let mut net = ResNet8::zeroed();
    glorot(&mut net.conv2d.kernel, 0, 9 * (3 + 16));
    glorot(&mut net.conv2d_1.kernel, 6, 9 * (16 + 16));
    glorot(&mut net.conv2d_2.kernel, 12, 9 * (16 + 16));
    glorot(&mut net.conv2d_3.kernel, 18, 9 * (16 + 32));
    glorot(&mut net.conv2d_4.kernel, 24, 9 * (32 + 32));
    glorot(&mut net.conv2d_5.kernel, 26, 16 + 32);
    glorot(&mut net.conv2d_6.kernel, 32, 9 * (32 + 64));
    glorot(&mut net.conv2d_7.kernel, 38, 9 * (64 + 64));
    glorot(&mut net.conv2d_8.kernel, 40, 32 + 64);
    glorot(&mut net.dense.kernel, 46, 64 + 10);
    macro_rules! fresh {
        ($($norm:ident)+) => {$(
            net.$norm.gamma.fill(1.0);
            net.$norm.moving_variance.fill(1.0);
        )+};
    }
    fresh! { batch_normalization batch_normalization_1 batch_normalization_2 batch_normalization_3 }
    fresh! { batch_normalization_4 batch_normalization_5 batch_normalization_6 }

    let data: Dataset<Rank3<32, 32, 3>, Class<10>> = Dataset::generate(640, |i| {
        let mut x = Tensor::zeroed();
        let values = x.as_mut_slice().iter_mut().enumerate();
        values.for_each(|(place, value)| *value = uniform(1000, i * 32 * 32 * 3 + place));
        (x, Class::new(i % 10))
    });
    let mut model = net.compile(Adam::new(0.001), SparseCategoricalCrossentropy, ());
    let found = losses(&mut model, &data, 32, 20);
    let expected = golden_losses(&json("graph_training.json")["resnet8_training"]);
    let gap = |(found, expected): (&f32, &f32)| (found - expected).abs() / expected;
    let worst = found.iter().zip(&expected).map(gap).fold(0.0, f32::max);
    println!("worst relative gap of 20 losses: {worst:e}");
    assert!(worst < 1e-3, "worst relative gap {worst:e}");
}

/// The folder with MLPerf Tiny's models, which are not in the repository.
#[cfg(feature = "keras")]
fn mlperf() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("KERUST_MLPERF");
    if folder.is_none() {
        // Not `eprintln!`, which the test harness captures.
        use std::io::Write as _;
        let line = "SKIPPED: the published weights: set KERUST_MLPERF to MLPerf Tiny's folder\n";
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    folder.map(Into::into)
}

#[cfg(feature = "keras")]
#[test]
fn published_weights_answer_as_in_keras() {
    use crate::golden::{Tensors, assert_close};
    let Some(folder) = mlperf() else { return };
    let golden = Tensors::open("published.safetensors");

    let net: Box<ResNet8> =
        kerust::weights::keras::load(folder.join("ic/pretrainedResnet.h5")).unwrap();
    let answer = |sample: usize| {
        let mut x = Tensor::zeroed();
        let values = x.as_mut_slice().iter_mut().enumerate();
        values.for_each(|(i, value)| *value = 255.0 * uniform(1000, sample * 3072 + i));
        net.predict(&x).as_slice().to_vec()
    };
    let found: Vec<f32> = (0..100).flat_map(answer).collect();
    assert_close("ResNet-8", &found, &golden.tensor("resnet8"), 1e-4);

    let net: Box<Autoencoder> = kerust::weights::keras::load(folder.join("ad/ad01.h5")).unwrap();
    let answer = |sample: usize| {
        let x = Tensor::from_fn(|[i]: [usize; 1]| 20.0 * uniform(1000, sample * 640 + i) - 10.0);
        net.predict(&x)
            .as_slice()
            .iter()
            .step_by(40)
            .copied()
            .collect::<Vec<_>>()
    };
    let found: Vec<f32> = (0..100).flat_map(answer).collect();
    assert_close("autoencoder", &found, &golden.tensor("autoencoder"), 1e-4);
}
