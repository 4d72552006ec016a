//! Compares randomness with Keras: initializers by their distribution, augmentation by the image for a given
//! angle or flip.

use crate::golden::{Tensors, assert_close, json};
use kerust::init::Initializer;
use kerust::layers::{FillMode, Flip, Interpolation, RandomFlip, RandomRotation};
use kerust::prelude::*;

/// Mean and standard deviation of many draws, and the largest value.
fn moments(values: &[f32]) -> (f64, f64, f32) {
    let count = values.len() as f64;
    let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
    let square = |x: &f32| (f64::from(*x) - mean).powi(2);
    let deviation = (values.iter().map(square).sum::<f64>() / count).sqrt();
    (
        mean,
        deviation,
        values.iter().fold(0.0, |peak, x| x.abs().max(peak)),
    )
}

/// Draws `initializer` over the shapes of the golden file and compares with its analytic figures.
fn check(class: &str, initializer: Initializer) {
    for (shape, golden) in json("initializers.json")[class].as_object().unwrap() {
        let sizes: Vec<usize> = shape.split('x').map(|size| size.parse().unwrap()).collect();
        let len = sizes.iter().product::<usize>();
        let draws = (400_000 / len).max(1);
        let mut rng = Seed(1).rng();
        let mut values = Vec::new();
        for _ in 0..draws {
            let mut draw = vec![f32::NAN; len];
            initializer.fill(&mut draw, &sizes, &mut rng);
            values.extend(draw);
        }
        let (mean, deviation, peak) = moments(&values);
        let expected = golden["std"].as_f64().unwrap();
        assert!(
            mean.abs()
                < 0.01 * expected.max(1e-9) + golden["measured"]["mean"].as_f64().unwrap().abs(),
            "{class} {shape}: mean {mean}"
        );
        assert!(
            (deviation - expected).abs() <= 0.01 * expected,
            "{class} {shape}: found {deviation}, Keras has {expected}"
        );
        if let Some(limit) = golden["limit"].as_f64() {
            assert!(
                f64::from(peak) <= limit * 1.000_001,
                "{class} {shape}: {peak} is beyond {limit}"
            );
            assert!(
                f64::from(peak) >= limit * 0.99,
                "{class} {shape}: {peak} never comes near {limit}"
            );
        }
    }
}

macro_rules! initializers {
    ($($test:ident: $class:literal, $initializer:ident;)+) => {$(
        #[test]
        fn $test() {
            check($class, Initializer::$initializer);
        }
    )+};
}

initializers! {
    glorot_uniform: "GlorotUniform", GLOROT_UNIFORM;
    glorot_normal: "GlorotNormal", GLOROT_NORMAL;
    he_uniform: "HeUniform", HE_UNIFORM;
    he_normal: "HeNormal", HE_NORMAL;
    lecun_uniform: "LecunUniform", LECUN_UNIFORM;
    lecun_normal: "LecunNormal", LECUN_NORMAL;
    variance_scaling: "VarianceScaling", VARIANCE_SCALING;
    random_normal: "RandomNormal", RANDOM_NORMAL;
    random_uniform: "RandomUniform", RANDOM_UNIFORM;
    truncated_normal: "TruncatedNormal", TRUNCATED_NORMAL;
}

#[test]
fn an_orthogonal_kernel_has_orthonormal_columns() {
    let (rows, columns) = (20, 7);
    let mut kernel = vec![0.0; rows * columns];
    Initializer::ORTHOGONAL.fill(&mut kernel, &[rows, columns], &mut Seed(1).rng());
    for i in 0..columns {
        for j in 0..columns {
            let dot: f32 = (0..rows)
                .map(|row| kernel[row * columns + i] * kernel[row * columns + j])
                .sum();
            assert!(
                (dot - f32::from(u8::from(i == j))).abs() < 1e-5,
                "columns {i} and {j}: {dot}"
            );
        }
    }
}

#[test]
fn rotations_by_an_angle_equal_keras() {
    let golden = Tensors::open("augmentation.safetensors");
    let fills = [
        ("reflect", FillMode::Reflect),
        ("constant", FillMode::Constant),
        ("nearest", FillMode::Nearest),
        ("wrap", FillMode::Wrap),
    ];
    let kinds = [
        ("bilinear", Interpolation::Bilinear),
        ("nearest", Interpolation::Nearest),
    ];
    let rotation = RandomRotation::new([7, 9, 2], 0.0, 0.0);
    let compare = |case: &str, rotation: RandomRotation| {
        let tensor = |name: &str| golden.tensor(&format!("{case}.{name}"));
        let mut y = vec![f32::NAN; 7 * 9 * 2];
        rotation.rotate(tensor("angle")[0], &tensor("x"), &mut y);
        assert_close(case, &y, &tensor("y"), 1e-5);
    };
    for (fill, fill_mode) in fills {
        for (kind, interpolation) in kinds {
            for angle in ["0.3", "-0.7", "fifth_turn"] {
                let rotation = rotation.fill_mode(fill_mode).interpolation(interpolation);
                compare(&format!("rotation_{fill}_{kind}_{angle}"), rotation);
            }
        }
    }
    let filled = rotation.fill_mode(FillMode::Constant).fill_value(2.5);
    compare("rotation_constant_filled", filled);
}

#[test]
fn flips_equal_keras() {
    let golden = Tensors::open("augmentation.safetensors");
    let flips = [
        ("horizontal", Flip::Horizontal),
        ("vertical", Flip::Vertical),
        ("horizontal_and_vertical", Flip::HorizontalAndVertical),
    ];
    for (name, mode) in flips {
        let tensor = |part: &str| golden.tensor(&format!("flip_{name}.{part}"));
        let (x, expected) = (tensor("x"), tensor("y"));
        let flip = RandomFlip::new([4, 5, 2], mode);
        for (sample, flipped) in [true, false, true].into_iter().enumerate() {
            let range = sample * 40..(sample + 1) * 40;
            let mut y = x[range.clone()].to_vec();
            if flipped {
                flip.flip(&x[range.clone()], &mut y);
            }
            assert_close(
                &format!("flip_{name} of sample {sample}"),
                &y,
                &expected[range],
                0.0,
            );
        }
    }
}
