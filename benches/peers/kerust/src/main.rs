//! Prints times as one line of JSON: `kerust-bench train WORK FOLDER CHUNKS STEPS`, `kerust-bench infer WORK
//! FOLDER CALLS` or `kerust-bench batch WORK FOLDER CALLS`. The tasks and the files are those of
//! `../works.py`. `kerust-bench matmul LIBRARY..` is for `../matmul.py`, and `kerust-bench grow WIDTH DEPTH
//! BATCH CHUNKS STEPS` for `../growth.py`.

mod growth;
mod matmul;
mod nets;
mod training;

use kerust::activation::Softmax;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::tensor::StaticShape;
use nets::{Conv, Deep, DeepConv, Gru, Keywords, Lstm, Mlp, Transformer};
use std::hint::black_box;
use std::time::Instant;
use training::chunks;

fn main() -> kerust::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, sizes @ ..] = arguments.as_slice()
        && mode == "grow"
    {
        let sizes: Vec<usize> = sizes
            .iter()
            .map(|size| size.parse().expect("a size"))
            .collect();
        return growth::grow(sizes[0], sizes[1], sizes[2], &sizes[3..]);
    }
    if let [mode, libraries @ ..] = arguments.as_slice()
        && mode == "matmul"
    {
        matmul::matmul(libraries);
        return Ok(());
    }
    let [mode, work, folder, counts @ ..] = arguments.as_slice() else {
        panic!("expected a mode, a work, a folder and counts");
    };
    let counts: Vec<usize> = counts
        .iter()
        .map(|count| count.parse().expect("a count"))
        .collect();
    match (mode.as_str(), work.as_str()) {
        ("train", "mlp") => train::<Mlp<10>, 10>(folder, "images28", 32, &counts),
        ("train", "conv") => train::<Conv<10>, 10>(folder, "images28", 64, &counts),
        ("train", "deep-conv") => train::<DeepConv, 10>(folder, "images28", 128, &counts),
        ("train", "resnet8") => train::<Deep, 10>(folder, "images32", 32, &counts),
        ("train", "lstm") => train::<Lstm, 10>(folder, "images28", 64, &counts),
        ("train", "gru") => train::<Gru, 10>(folder, "series100", 32, &counts),
        ("train", "transformer") => train::<Transformer, 10>(folder, "series64", 32, &counts),
        ("infer", "mlp") => infer::<Mlp<10>, 10>(folder, "images28", &counts),
        ("infer", "conv") => infer::<Conv<24>, 24>(folder, "images28", &counts),
        ("infer", "deep-conv") => infer::<DeepConv, 10>(folder, "images28", &counts),
        ("infer", "resnet8") => infer::<Deep, 10>(folder, "images32", &counts),
        ("infer", "lstm") => infer::<Lstm, 10>(folder, "images28", &counts),
        ("infer", "gru") => infer::<Gru, 10>(folder, "series100", &counts),
        ("infer", "transformer") => infer::<Transformer, 10>(folder, "series64", &counts),
        ("batch", "mlp") => batch::<Mlp<10>, 10>(folder, "images28", &counts),
        ("batch", "conv") => batch::<Conv<24>, 24>(folder, "images28", &counts),
        ("batch", "deep-conv") => batch::<DeepConv, 10>(folder, "images28", &counts),
        ("batch", "resnet8") => batch::<Deep, 10>(folder, "images32", &counts),
        ("batch", "lstm") => batch::<Lstm, 10>(folder, "images28", &counts),
        ("batch", "gru") => batch::<Gru, 10>(folder, "series100", &counts),
        ("batch", "transformer") => batch::<Transformer, 10>(folder, "series64", &counts),
        ("int8", "resnet8") => int8!(Deep, Rank3<32, 32, 3>, 10, counts),
        ("int8", "keywords") => int8!(Keywords, Rank3<49, 10, 1>, 12, counts),
        _ => panic!("unknown work `{mode} {work}`"),
    }
}

/// The data set whose inputs are in the file of this name.
fn data<S: StaticShape, const CLASSES: usize>(
    folder: &str,
    file: &str,
) -> kerust::Result<Dataset<S, Class<CLASSES>>> {
    let bytes = std::fs::read(format!("{folder}/{file}.f32")).expect("inputs");
    let values: Vec<f32> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let labels = std::fs::read(format!("{folder}/labels.u8")).expect("labels");
    let labels: Vec<Class<CLASSES>> = labels[..values.len() / S::LEN]
        .iter()
        .map(|label| Class::new(usize::from(*label)))
        .collect();
    Dataset::from_slices(&values, &labels)
}

/// Measures a training.
fn train<N, const CLASSES: usize>(
    folder: &str,
    file: &str,
    batch_size: usize,
    counts: &[usize],
) -> kerust::Result<()>
where
    N: Train<Heads = Head<Softmax, Rank1<CLASSES>>, Input: StaticShape>,
{
    let data = data::<N::Input, CLASSES>(folder, file)?;
    let (times, loss) = chunks::<N, CLASSES>(&data, batch_size, counts)?;
    print(&times, &format!(r#""loss": {loss:?}, "#));
    Ok(())
}

/// Measures the microseconds of a prediction for one sample.
fn infer<N, const CLASSES: usize>(folder: &str, file: &str, counts: &[usize]) -> kerust::Result<()>
where
    N: Train<Heads = Head<Softmax, Rank1<CLASSES>>, Input: StaticShape>,
{
    let data = data::<N::Input, CLASSES>(folder, file)?;
    let model = N::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, ());
    let x = data.input(0);
    let times = timed(counts[0] / 10, counts[0], || {
        black_box(model.predict(black_box(&x)));
    });
    print(&times, "");
    Ok(())
}

/// Measures the microseconds of a prediction in 8 bits for one sample. The weights are random.
macro_rules! int8 {
    ($net:ty, $shape:ty, $classes:literal, $counts:expr) => {{
        let mut rng = Seed(1).rng();
        let samples = Dataset::<$shape, Class<$classes>>::generate(32, |number| {
            let mut x = Tensor::zeros();
            x.as_mut_slice().fill_with(|| rng.random());
            (x, Class::new(number % $classes))
        });
        let (int8, _) = <$net>::new(Seed(1)).quantize(&samples)?;
        let x = samples.input(0).map(|x| (x * 255.0 - 128.0) as i8);
        let mut arena = Arena::new();
        let times = timed($counts[0] / 10, $counts[0], || {
            black_box(int8.predict_in(black_box(&x), &mut arena));
        });
        print(&times, "");
        Ok(())
    }};
}
use int8;

/// Measures the microseconds per sample for predicting the whole data set.
fn batch<N, const CLASSES: usize>(folder: &str, file: &str, counts: &[usize]) -> kerust::Result<()>
where
    N: Train<Heads = Head<Softmax, Rank1<CLASSES>>, Input: StaticShape>,
{
    let data = data::<N::Input, CLASSES>(folder, file)?;
    let model = N::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, ());
    let times = timed(1, counts[0], || {
        black_box(model.predict_all(black_box(&data)).unwrap().len());
    });
    let times: Vec<f64> = times.iter().map(|time| time / data.len() as f64).collect();
    print(&times, "");
    Ok(())
}

/// The microseconds of each call, after some warm-up calls.
fn timed(warm: usize, calls: usize, mut call: impl FnMut()) -> Vec<f64> {
    (0..warm).for_each(|_| call());
    let time = |_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64() * 1e6
    };
    (0..calls).map(time).collect()
}

fn print(times: &[f64], more: &str) {
    let more = more.replace("Some(", "").replace(')', "");
    println!("{{{more}\"times\": {times:?}}}");
}
