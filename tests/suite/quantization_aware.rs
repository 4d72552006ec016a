//! Quantization-aware training: what it computes is what the 8-bit twin computes, and it trains.

use super::quantize::{Functions, Image, Series, Several, Small, Sums, filled, number, samples};
use kerust::layer::LayerData;
use kerust::prelude::*;
use kerust::quantize::QuantizationAware;

model! {
    /// A trained convolution and its normalization.
    #[int8]
    pub Folded: Input(6, 6, 2)
        => Conv2D(4, 3x3, same) => BatchNormalization => ReLU
        => DepthwiseConv2D(3x3, use_bias = false) => BatchNormalization(scale = false)
        => Activation(tanh)
        => BatchNormalization(center = false)
        => Flatten
        => Dense(3, softmax)
}

model! {
    #[int8]
    pub Frozen: Input(4) => Dense(6, relu, trainable = false) => Dense(3, softmax)
}

/// The outputs of a model in quantization-aware training are those of its twin, and its metrics too.
macro_rules! check_twin {
    ($net:expr, $data:expr, $compare:expr) => {{
        let (net, data) = ($net, $data);
        let aware = QuantizationAware::<_, 8>::of(&*net, &data).unwrap();
        let int8 = aware.int8().unwrap();
        for sample in 0..data.len() {
            let x = data.input(sample);
            $compare(&aware.predict(&x), &int8.predict(&x));
        }
        let all = aware.predict(&data.input(0));
        $compare(&all, &int8.predict(&data.input(0)));
    }};
}

fn same<S: kerust::tensor::StaticShape>(a: &Tensor<S>, b: &Tensor<S>) {
    assert_eq!(a.as_slice(), b.as_slice());
}

#[test]
fn predictions_are_those_of_the_twin() {
    let mut image = filled::<Image>();
    for layer in [
        &mut image.batch_normalization.moving_variance[..],
        &mut image.batch_normalization_1.moving_variance,
        &mut image.batch_normalization_2.moving_variance,
        &mut image.batch_normalization_3.moving_variance,
    ] {
        layer
            .iter_mut()
            .for_each(|value| *value = value.abs() + 0.2);
    }
    let data = samples::<Rank3<9, 8, 3>, Class<5>>(21, 200.0, |i| Class::new(i % 5));
    check_twin!(image, data, same);
    let data = samples::<Rank2<20, 3>, Binary>(21, 1.0, |i| (i % 2 == 0).into());
    check_twin!(filled::<Series>(), data, same);
    let data = samples::<Rank1<6>, Rank1<3>>(21, 1.0, |_| [0.0; 3].into());
    check_twin!(filled::<Functions>(), data, same);
    let data = samples::<Rank1<6>, Rank1<3>>(21, 1.0, |_| [0.0; 3].into());
    check_twin!(filled::<Sums>(), data, same);
    type Inputs = (Rank1<6>, Rank1<4>);
    let data = Dataset::<Inputs, (Class<3>, Rank1<1>)>::generate(21, |sample| {
        let value = |place: usize| number(sample * 31 + place);
        let left = [0, 1, 2, 3, 4, 5].map(value);
        let right = [6, 7, 8, 9].map(|place| 10.0 * value(place));
        (
            (left.into(), right.into()),
            (Class::new(sample % 3), [0.0].into()),
        )
    });
    check_twin!(filled::<Several>(), data, |a: &(
        Tensor<Rank1<3>>,
        Tensor<Rank1<1>>
    ),
                                            b: &(
        Tensor<Rank1<3>>,
        Tensor<Rank1<1>>
    )| {
        same(&a.0, &b.0);
        same(&a.1, &b.1);
    });
}

fn folded_data(samples: usize) -> Dataset<Rank3<6, 6, 2>, Class<3>> {
    Dataset::fill(samples, |sample, x: &mut Tensor<_>, y| {
        let class = sample % 3;
        for (place, value) in x.as_mut_slice().iter_mut().enumerate() {
            let bright = f32::from(u8::from((place / 12) % 3 == class));
            *value = 0.6 * bright + number(sample * 1009 + place);
        }
        *y = Class::new(class);
    })
}

fn trained() -> (Box<Folded>, Dataset<Rank3<6, 6, 2>, Class<3>>) {
    let data = folded_data(300);
    let mut model =
        Folded::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&data, Fit::epochs(6).quiet()).unwrap();
    (model.into_model(), data)
}

#[test]
fn gradients_are_close_to_those_of_the_model_with_its_averages() {
    let (net, data) = trained();
    let mut aware = net
        .compile_int8(&data, SGD::new(0.1), SparseCategoricalCrossentropy, ())
        .unwrap();
    let found = aware.compute_gradient(&data).unwrap().values().to_vec();
    // A frozen normalization uses its averages; its own gradients are seen against finite differences.
    let mut float = net.compile(SGD::new(0.1), SparseCategoricalCrossentropy, ());
    for name in [
        "batch_normalization",
        "batch_normalization_1",
        "batch_normalization_2",
    ] {
        float.freeze(name).unwrap();
    }
    let wanted = float.compute_gradient(&data).unwrap().values().to_vec();
    let net = float.model();
    let lens = [
        ("conv2d", net.conv2d.as_slice().len()),
        (
            "batch_normalization",
            net.batch_normalization.as_slice().len(),
        ),
        ("depthwise_conv2d", net.depthwise_conv2d.as_slice().len()),
        (
            "batch_normalization_1",
            net.batch_normalization_1.as_slice().len(),
        ),
        (
            "batch_normalization_2",
            net.batch_normalization_2.as_slice().len(),
        ),
        ("dense", net.dense.as_slice().len()),
    ];
    let mut start = 0;
    for (name, len) in lens {
        let range = start..start + len;
        start += len;
        if !name.starts_with("batch") {
            let likeness = cosine(&wanted[range.clone()], &found[range]);
            assert!(likeness > 0.97, "{name}: {likeness}");
        }
    }
}

#[test]
fn gradients_of_normalizations_are_close_to_finite_differences() {
    let (net, data) = trained();
    let mut aware = net
        .compile_int8(&data, SGD::new(0.1), SparseCategoricalCrossentropy, ())
        .unwrap();
    let found = aware.compute_gradient(&data).unwrap().values().to_vec();
    let mut float = net.compile(SGD::new(0.1), SparseCategoricalCrossentropy, ());
    let at = |weights: &[f32], part: &[f32]| {
        let (weights, part) = (weights.as_ptr(), part.as_ptr());
        (part as usize - weights as usize) / 4
    };
    let net = float.model();
    let all = LayerData::as_slice(net);
    let parts = [
        (at(all, &net.batch_normalization.gamma), 4),
        (at(all, &net.batch_normalization.beta), 4),
        (at(all, &net.batch_normalization_1.beta), 4),
        (at(all, &net.batch_normalization_2.gamma), 4),
    ];
    for (start, len) in parts {
        let wanted: Vec<f32> = (start..start + len)
            .map(|place| {
                let [low, high] = [-0.01, 0.01].map(|step| {
                    let weights = float.model_mut().as_mut_slice();
                    let before = weights[place];
                    weights[place] = before + step;
                    let loss = float.evaluate(&data).unwrap()["loss"];
                    float.model_mut().as_mut_slice()[place] = before;
                    loss
                });
                ((high - low) / 0.02) as f32
            })
            .collect();
        let likeness = cosine(&wanted, &found[start..start + len]);
        assert!(likeness > 0.95, "{start}: {likeness} {wanted:?}");
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[test]
fn the_validation_is_that_of_the_twin_and_training_wins_back_what_four_bits_lose() {
    let (net, data) = trained();
    let float = net.accuracy(&data).unwrap();
    let aware = QuantizationAware::<Folded, 3>::of(&net, &data).unwrap();
    let before = aware.int8().unwrap().accuracy(&data).unwrap();
    let mut aware = aware.compile(Adam::new(0.002), SparseCategoricalCrossentropy, Accuracy);
    let history = aware
        .fit(&data, Fit::epochs(4).validation_data(&data).quiet())
        .unwrap();
    let after = aware.model().int8().unwrap().accuracy(&data).unwrap();
    assert_eq!(history["val_accuracy"].last(), Some(&after));
    assert_eq!(aware.evaluate(&data).unwrap()["accuracy"], after);
    assert!(
        after - before > 0.5 * (float - before) && before < float,
        "float {float}, 3 bits {before}, trained {after}"
    );
    // The moving averages and the ranges stayed.
    let model = aware.model();
    assert_eq!(
        model.model.batch_normalization.moving_mean,
        net.batch_normalization.moving_mean
    );
}

#[test]
fn a_frozen_layer_stays_in_the_declaration_and_at_run_time() {
    let net = Frozen::new(Seed(2));
    let data = samples::<Rank1<4>, Class<3>>(60, 1.0, |i| Class::new(i % 3));
    let mut aware = net
        .compile_int8(&data, SGD::new(0.1), SparseCategoricalCrossentropy, ())
        .unwrap();
    aware.fit(&data, Fit::epochs(1).quiet()).unwrap();
    let after = &aware.model().model;
    assert_eq!(after.dense.as_slice(), net.dense.as_slice());
    assert_ne!(after.dense_1.as_slice(), net.dense_1.as_slice());

    let net = Small::new(Seed(2));
    let mut aware = net
        .compile_int8(&data, SGD::new(0.1), SparseCategoricalCrossentropy, ())
        .unwrap();
    aware.freeze("model.dense_1").unwrap();
    aware.fit(&data, Fit::epochs(1).quiet()).unwrap();
    let after = &aware.model().model;
    assert_ne!(after.dense.as_slice(), net.dense.as_slice());
    assert_eq!(after.dense_1.as_slice(), net.dense_1.as_slice());
}

#[test]
fn weights_that_are_not_finite_end_the_training_with_an_error() {
    let net = Small::new(Seed(2));
    let data = samples::<Rank1<4>, Class<3>>(60, 1.0, |i| Class::new(i % 3));
    let mut aware = net
        .compile_int8(&data, SGD::new(0.1), SparseCategoricalCrossentropy, ())
        .unwrap();
    aware.model_mut().model.dense.kernel[1][2] = f32::INFINITY;
    let error = aware.fit(&data, Fit::epochs(1).quiet()).unwrap_err();
    assert!(error.to_string().contains("loss"), "{error}");
    let error = aware.model().int8().map(drop).unwrap_err();
    assert!(error.to_string().contains("`dense`"), "{error}");
}

#[test]
fn a_step_is_the_same_on_any_number_of_threads() {
    let (net, data) = trained();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let mut aware = net
                .compile_int8(&data, SGD::new(0.1), SparseCategoricalCrossentropy, ())
                .unwrap();
            aware.fit(&data, Fit::epochs(1).quiet()).unwrap();
            let weights = aware.weights().iter();
            weights.map(|value| value.to_bits()).collect::<Vec<_>>()
        })
    };
    assert!(run(1) == run(3));
}
