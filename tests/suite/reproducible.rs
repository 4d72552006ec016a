//! The same seed gives the same bits: on any number of threads, again, and after a resume.

use kerust::prelude::*;
use std::path::Path;

model! {
    /// A model whose training is random: augmentation, dropout and the order of samples.
    Drawing:
        Input(28, 28, 1)
        => Rescaling(1.0 / 255.0)
        => RandomRotation(0.05)
        => RandomFlip(horizontal)
        => Conv2D(10, 3x3, same, relu)
        => MaxPooling2D(2x2)
        => Flatten
        => Dropout(0.3)
        => Dense(64, relu)
        => Dense(10, softmax)
}

type Training = Compiled<Drawing, Class<10>>;

fn compiled() -> Training {
    let optimizer = Adam::new(CosineDecay::new(0.002, 100));
    Drawing::new(Seed(3)).compile(optimizer, SparseCategoricalCrossentropy, Accuracy)
}

fn images() -> Dataset<Rank3<28, 28, 1>, Class<10>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/fashion_mnist");
    datasets::fashion_mnist::load_from(folder)
        .unwrap()
        .0
        .take(1000)
}

fn fit(model: &mut Training, epochs: usize, threads: usize) -> History {
    let fit = Fit::epochs(epochs)
        .batch_size(64)
        .seed(Seed(5))
        .threads(threads)
        .quiet();
    model.fit(&images(), fit).unwrap()
}

fn bits(model: &Training) -> Vec<u32> {
    model
        .weights()
        .iter()
        .map(|weight| weight.to_bits())
        .collect()
}

#[test]
fn weights_have_the_same_bits_on_1_2_and_3_threads_and_twice_in_a_row() {
    let run = |threads| {
        let mut model = compiled();
        let history = fit(&mut model, 1, threads);
        (bits(&model), history["loss"][0].to_bits())
    };
    let first = run(1);
    for threads in [1, 2, 3] {
        assert!(run(threads) == first, "{threads} threads");
    }
}

#[test]
fn a_resumed_run_has_the_bits_of_one_that_never_stopped() {
    let mut whole = compiled();
    let history = fit(&mut whole, 3, 2);

    let file =
        std::env::temp_dir().join(format!("kerust-resume-{}.safetensors", std::process::id()));
    let mut first = compiled();
    fit(&mut first, 1, 2);
    first.save_state(&file).unwrap();
    let mut second = compiled();
    second.resume(&file).unwrap();
    let resumed = fit(&mut second, 3, 1);
    std::fs::remove_file(&file).unwrap();

    assert!(bits(&second) == bits(&whole), "weights differ");
    assert_eq!(resumed, history);
}

#[test]
fn another_seed_is_another_run() {
    let mut one = compiled();
    let mut other = compiled();
    fit(&mut one, 1, 2);
    let fit = Fit::epochs(1).batch_size(64).seed(Seed(6)).quiet();
    other.fit(&images(), fit).unwrap();
    assert!(bits(&one) != bits(&other));
}

#[test]
fn evaluation_and_prediction_draw_nothing() {
    let mut model = compiled();
    let data = images().take(200);
    let report = model.evaluate(&data).unwrap();
    assert_eq!(report, model.evaluate(&data).unwrap());
    let alone = model.predict(&data.input(7));
    let together = model.predict_all(&data).unwrap().swap_remove(7);
    for (alone, together) in alone.as_slice().iter().zip(together.as_slice()) {
        assert!((alone - together).abs() < 1e-6);
    }
}
