//! What 8 bits cost: four works trained on real or synthetic data, and the same works in 8 bits. It takes some minutes.
use kerust::activation::Softmax;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::quantize::QuantizationAware;

model! {
    #[int8]
    pub Convolution:
        Input(28, 28, 1)
        => Rescaling(1.0 / 255.0)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

model! {
    /// He et al. (2015), eight layers deep, as in MLPerf Tiny; images are enlarged to 32×32×3 beforehand.
    #[int8]
    pub ResNet8:
        Input(32, 32, 3)
        => Rescaling(1.0 / 255.0)
        => Conv2D(16, 3x3, same) => BatchNormalization => ReLU
        => Residual(
            Conv2D(16, 3x3, same) => BatchNormalization => ReLU
            => Conv2D(16, 3x3, same) => BatchNormalization)
        => ReLU
        => Residual(
            Conv2D(32, 3x3, strides = 2, same) => BatchNormalization => ReLU
            => Conv2D(32, 3x3, same) => BatchNormalization,
            shortcut = Conv2D(32, 1x1, strides = 2, same))
        => ReLU
        => Residual(
            Conv2D(64, 3x3, strides = 2, same) => BatchNormalization => ReLU
            => Conv2D(64, 3x3, same) => BatchNormalization,
            shortcut = Conv2D(64, 1x1, strides = 2, same))
        => ReLU
        => AveragePooling2D(8x8)
        => Flatten
        => Dense(10, softmax)
}

model! {
    /// A small net of depthwise convolutions.
    #[int8]
    pub Depthwise:
        Input(28, 28, 1)
        => Rescaling(1.0 / 255.0)
        => Conv2D(8, 3x3, strides = 2, same) => BatchNormalization => ReLU
        => DepthwiseConv2D(3x3, same) => BatchNormalization => ReLU
        => Conv2D(16, 1x1) => BatchNormalization => ReLU
        => DepthwiseConv2D(3x3, strides = 2, same) => BatchNormalization => ReLU
        => Conv2D(24, 1x1) => BatchNormalization => ReLU
        => DepthwiseConv2D(3x3, same) => BatchNormalization => ReLU
        => Conv2D(32, 1x1) => BatchNormalization => ReLU
        => GlobalAveragePooling2D
        => Dense(10, softmax)
}

model! {
    /// Anomaly detection of MLPerf Tiny: an autoencoder of sounds.
    #[int8]
    pub Autoencoder:
        Input(640)
        => Repeat(4, Dense(128) => BatchNormalization => ReLU)
        => Dense(8) => BatchNormalization => ReLU
        => Repeat(4, Dense(128) => BatchNormalization => ReLU)
        => Dense(640)
}

fn main() -> kerust::Result<()> {
    let [train, test] = images()?;
    println!(
        "{} training images, {} test images\n",
        train.len(),
        test.len()
    );
    let enlarged = |data: &Dataset<Rank3<28, 28, 1>, Class<10>>| {
        Dataset::<Rank3<32, 32, 3>, Class<10>>::fill(data.len(), |sample, x, y| {
            let image = data.input(sample);
            let pixels = x.as_mut_slice().chunks_exact_mut(3).enumerate();
            for (place, pixel) in pixels {
                let [row, column] = [place / 32, place % 32].map(|at| at * 28 / 32);
                pixel.fill(image.as_slice()[row * 28 + column]);
            }
            *y = *data.label(sample);
        })
    };
    classify::<Convolution>(&train, &test, 10)?;
    classify::<Depthwise>(&train, &test, 15)?;
    classify::<ResNet8>(&enlarged(&train), &enlarged(&test), 8)?;
    anomalies()
}

/// All of Fashion-MNIST, where it is found, else the 6,000 images that the repository carries.
fn images() -> kerust::Result<[Dataset<Rank3<28, 28, 1>, Class<10>>; 2]> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/fashion_mnist");
    let all = datasets::fashion_mnist::load();
    let (train, test) = all.or_else(|_| datasets::fashion_mnist::load_from(folder))?;
    Ok([train, test])
}

/// Trains a classifier, and prints what it reaches, what 8 bits cost, and what quantization-aware training wins back
/// of 8 and of 4 bits.
fn classify<N>(
    train: &Dataset<N::Input, Class<10>>,
    test: &Dataset<N::Input, Class<10>>,
    epochs: usize,
) -> kerust::Result<()>
where
    N: Train<Heads = Head<Softmax, Rank1<10>>> + Quantize,
    N::Int8: Model<Input = N::Input, Heads = N::Heads>,
{
    let mut model =
        N::new(Seed(1)).compile(Adam::new(0.002), SparseCategoricalCrossentropy, Accuracy);
    model.fit(train, Fit::epochs(epochs).batch_size(64).quiet())?;
    let model = model.model();
    let calibration = train.take(500);
    let (int8, report) = model.quantize(&calibration)?;
    println!("{report}");
    println!(
        "{}: float {:.4}, int8 {:.4}",
        N::NAME,
        model.accuracy(test)?,
        int8.accuracy(test)?
    );
    retrain::<N, 8>(model, train, test, epochs.div_ceil(10))?;
    retrain::<N, 4>(model, train, test, epochs.div_ceil(10))?;
    println!();
    Ok(())
}

/// Quantization-aware training from a trained model.
fn retrain<N, const BITS: u32>(
    model: &N,
    train: &Dataset<N::Input, Class<10>>,
    test: &Dataset<N::Input, Class<10>>,
    epochs: usize,
) -> kerust::Result<()>
where
    N: Train<Heads = Head<Softmax, Rank1<10>>> + Quantize,
    N::Int8: Model<Input = N::Input, Heads = N::Heads>,
{
    let aware = QuantizationAware::<N, BITS>::of(model, &train.take(500))?;
    let before = aware.int8()?.accuracy(test)?;
    let mut aware = aware.compile(Adam::new(0.0002), SparseCategoricalCrossentropy, Accuracy);
    let settings = Fit::epochs(epochs).batch_size(64).validation_data(test);
    let history = aware.fit(train, settings.quiet())?;
    let device = aware.model().int8()?.accuracy(test)?;
    assert_eq!(history["val_accuracy"].last(), Some(&device));
    println!(
        "{}, weights of {BITS} bits: {before:.4}, after quantization-aware training {device:.4}",
        N::NAME
    );
    Ok(())
}

/// Trains an autoencoder on sounds of a machine, and prints how well it tells those of a faulty one apart.
fn anomalies() -> kerust::Result<()> {
    let train = sounds(4000, 0, false);
    let mut model = Autoencoder::new(Seed(1)).compile(Adam::new(0.001), MeanSquaredError, ());
    model.fit(&train, Fit::epochs(30).batch_size(64).quiet())?;
    let model = model.model();
    let calibration = train.take(500);
    let (minmax, _) = model.quantize_by(&calibration, &[])?;
    let (int8, report) = model.quantize(&calibration)?;
    println!("{report}");
    let (good, bad) = (
        sounds(1000, 1_000_000, false),
        sounds(1000, 2_000_000, true),
    );
    let auc = |predict: &dyn Fn(&Tensor<Rank1<640>>) -> Tensor<Rank1<640>>| {
        let errors = |data: &Dataset<Rank1<640>, Rank1<640>>| {
            let errors = (0..data.len()).map(|sample| {
                let x = data.input(sample);
                let pairs = predict(&x);
                let pairs = x.as_slice().iter().zip(pairs.as_slice());
                pairs.map(|(x, y)| (x - y) * (x - y)).sum::<f32>()
            });
            errors.collect::<Vec<_>>()
        };
        let (good, bad) = (errors(&good), errors(&bad));
        let above = bad
            .iter()
            .map(|bad| good.iter().filter(|good| *good < bad).count());
        above.sum::<usize>() as f64 / (good.len() * bad.len()) as f64
    };
    println!(
        "Autoencoder: AUC float {:.4}, smallest to largest value {:.4}, int8 {:.4}",
        auc(&|x| model.predict(x)),
        auc(&|x| minmax.predict(x)),
        auc(&|x| int8.predict(x))
    );
    Ok(())
}

/// Five frames of 128 bands, in decibels: the harmonics of a machine at its own speed, with noise. A faulty one has a
/// faint tone of its own.
fn sounds(count: usize, first: usize, faulty: bool) -> Dataset<Rank1<640>, Rank1<640>> {
    Dataset::fill(count, |sample, x: &mut Tensor<Rank1<640>>, y| {
        let mut state = Seed((first + sample) as u64).rng();
        let mut random = || state.random::<f32>();
        let (speed, loudness) = (4.0 + 3.0 * random(), 0.7 + 0.6 * random());
        let (tone, phase) = (40.0 + 60.0 * random(), random());
        for (place, value) in x.as_mut_slice().iter_mut().enumerate() {
            let (frame, band) = ((place / 128) as f32, (place % 128) as f32);
            let harmonic = (1..12).map(|n| {
                let distance = band - speed * n as f32;
                loudness * (-distance * distance).exp() / n as f32
            });
            let mut power = 0.02 + harmonic.sum::<f32>() + 0.05 * random();
            if faulty {
                let distance = band - tone;
                power += 0.06 * (-0.5 * distance * distance).exp() * (1.0 + (frame + phase).sin());
            }
            *value = 10.0 * power.log10();
        }
        *y = *x;
    })
}
