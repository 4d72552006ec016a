//! Two inputs, a residual block, a model used as a layer, two heads with a loss each.
use kerust::prelude::*;

model! {
    /// A block that other models use as a layer.
    pub Block:
        Input(12, 12, 8)
        => Residual(
            Conv2D(8, 3x3, same, use_bias = false) => BatchNormalization => ReLU
            => Conv2D(8, 3x3, same, use_bias = false) => BatchNormalization)
        => ReLU
}

model! {
    pub Detector {
        let image = Input(24, 24, 1);
        let meta = Input(4);
        let features = image
            => Conv2D(8, 3x3, strides = 2, same, relu)
            => Block
            => Residual(Conv2D(16, 3x3, strides = 2, same), shortcut = Conv2D(16, 1x1, strides = 2))
            => GlobalAveragePooling2D;
        let joined = Concatenate(features, meta) => Dense(32, relu);
        let class = joined => Dense(3, softmax);
        let offset = joined => Dense(2);
        (class, offset)
    }
}

fn main() -> kerust::Result<()> {
    println!("{}", Detector::summary());
    let mut rng = Seed(3).rng();
    let data: Dataset<(Rank3<24, 24, 1>, Rank1<4>), (Class<3>, Rank1<2>)> =
        Dataset::generate(256, |i| {
            let class = i % 3;
            let image = Tensor::from_fn(|[y, x, _]| {
                if (y / 8, x / 8) == (class, class) {
                    1.0
                } else {
                    0.1 * rng.random::<f32>()
                }
            });
            let meta = Tensor::from([class as f32, 0.0, 1.0, 0.5]);
            (
                (image, meta),
                (
                    Class::new(class),
                    Tensor::from([class as f32, -(class as f32)]),
                ),
            )
        });
    let mut model = Detector::new(Seed(3)).compile(
        Adam::new(0.01),
        (SparseCategoricalCrossentropy, MeanSquaredError.weight(0.5)),
        (Accuracy, MeanAbsoluteError),
    );
    // The moving averages of BatchNormalization take some 400 steps to reach what a step observes.
    model.fit(&data, Fit::epochs(60).batch_size(32))?;
    let report = model.evaluate(&data)?;
    println!("{report}");
    assert!(report["class_accuracy"] > 0.95);
    let (class, offset) = model.predict(&data.input(0));
    println!("{} {:?}", class.argmax(), offset);
    Ok(())
}
