//! The lines of a Keras course, and the kerust line for each. A comment quotes what the course writes.
//!
//! A line that is not valid in `model!` as the course writes it gives one error that names the valid one. These lines
//! are in `kerust-macros/src/mistakes/course.txt`, and those of `compile` and `fit` in `tests/ui/habits` and
//! `tests/ui/ends`.

use crate::golden::scratch;
use crate::own_layers::{Relu, SimpleDense, SimpleDenseLayer};
use kerust::data::image;
use kerust::picture::PredictionGrid;
use kerust::prelude::*;
use kerust::train::HintKind;
use std::path::{Path, PathBuf};

model! {
    // Input(shape=(28, 28, 3))
    // Resizing(28, 28), Rescaling(1./255), RandomRotation((-0.2, 0.2))
    // Conv2D(10, kernel_size=(3, 3), strides=(1, 1), padding='same'), MaxPooling2D((2, 2)), Flatten(), Dropout(0.2)
    // Dense(64, activation='relu', kernel_initializer=initializers.RandomNormal(stddev=0.05), use_bias=True,
    //       bias_initializer="zeros", name="hidden"), Dense(24, activation='softmax')
    pub Signs:
        Input(shape = (28, 28, 3))
        => Resizing(28, 28)
        => Rescaling(1./255)
        => RandomRotation((-0.2, 0.2))
        => Conv2D(10, kernel_size = (3, 3), strides = (1, 1), padding = same)
        => MaxPooling2D((2, 2))
        => Flatten
        => Dense(64, activation = relu, kernel_initializer = random_normal(stddev = 0.05), use_bias = true,
                 bias_initializer = zeros, name = hidden)
        => Dropout(0.2)
        => Dense(24, activation = softmax)
}

#[test]
fn the_first_model_has_the_parameters_of_the_course() {
    // model.summary()
    let dense = 14 * 14 * 10 * 64 + 64;
    assert_eq!(Signs::PARAMS, (9 * 3 + 1) * 10 + dense + 65 * 24);
    assert!(
        Signs::summary().contains("Total params"),
        "{}",
        Signs::summary()
    );
    let net = Signs::new(Seed(1));
    let values = net.hidden.kernel.as_flattened();
    let deviation = values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32;
    assert!((deviation.sqrt() - 0.05).abs() < 1e-3, "{deviation}");
    assert_eq!(net.hidden.bias, [0.0; 64]);
}

// Rescaling(1./255), Rescaling(1/255), Rescaling(1.0/255.0)
model! { ScaledA: Input(2) => Rescaling(1./255) }
model! { ScaledB: Input(2) => Rescaling(1 / 255) }
model! { ScaledC: Input(2) => Rescaling(1.0 / 255.0) }

#[test]
fn the_spellings_of_a_fraction_are_one_number() {
    let x = Tensor::from([255.0, 51.0]);
    let expected = [255.0f32 * (1.0 / 255.0), 51.0 * (1.0 / 255.0)];
    assert_eq!(ScaledA::new(Seed(0)).predict(&x).as_slice(), expected);
    assert_eq!(ScaledB::new(Seed(0)).predict(&x).as_slice(), expected);
    assert_eq!(ScaledC::new(Seed(0)).predict(&x).as_slice(), expected);
}

// class SimpleDense(Layer): def __init__(self, units, activation), def build(self, input_shape), def call(self, inputs)
// NaiveSequential([NaiveDense(784, 512, relu), NaiveDense(512, 10, softmax)])
model! { pub Naive: Input(784) => SimpleDense::<32, Relu> => SimpleDense::<64, Relu> => Dense(10, softmax) }

#[test]
fn a_layer_of_ones_own_is_called_on_a_sample_and_on_a_batch() {
    // dense = SimpleDense(units=32, activation=tf.nn.relu); dense(tf.ones(shape=(2, 784))).shape
    let dense = SimpleDenseLayer::<784, 32, Relu>::new(Seed(1));
    let y: Tensor<Rank1<32>> = dense.call(&Tensor::ones());
    let both = dense.call_batch(&[Tensor::ones(), Tensor::zeros()]);
    assert_eq!(both, [y, Tensor::zeros()]);
    assert!(y.as_slice().iter().any(|value| *value > 0.0));
    assert_eq!(Tensor::<Rank1<3>>::full(2.5).as_slice(), [2.5; 3]);
    assert_eq!(Naive::PARAMS, 784 * 32 + 32 * 64 + 65 * 10);
}

model! {
    // inputs = keras.Input(shape=(4,), name="features"); x = Dense(8)(inputs); keras.Model(inputs, [class, number])
    // layers.Concatenate()([title, text]); x = layers.add([x, residual])
    pub Functional {
        let title = Input(4);
        let text = Input(3);
        let features = Concatenate(title, text) => Dense(8, relu);
        let hidden = features => Dense(8, relu);
        let sum = Add(features, hidden);
        let department = sum => Dense(3, softmax);
        let priority = sum => Dense(1, sigmoid);
        (department, priority)
    }
}

#[test]
fn two_branches_two_heads_and_a_residual_train() {
    let mut rng = Seed(2).rng();
    let data: Dataset<(Rank1<4>, Rank1<3>), (Class<3>, Binary)> = Dataset::generate(96, |i| {
        let title: [f32; 4] = std::array::from_fn(|j| {
            if j == i % 3 {
                1.0
            } else {
                0.1 * rng.random::<f32>()
            }
        });
        let text = [(i % 2) as f32, rng.random(), rng.random()];
        (
            (title.into(), text.into()),
            (Class::new(i % 3), Binary::from(i % 2 == 1)),
        )
    });
    // model.compile(optimizer="rmsprop", loss=["categorical_crossentropy", "binary_crossentropy"], loss_weights=[1, 0.5],
    //               metrics=[["accuracy"], ["accuracy"]])
    let mut model = Functional::new(Seed(1)).compile(
        RMSprop::new(0.01),
        (
            SparseCategoricalCrossentropy,
            BinaryCrossentropy.weight(0.5),
        ),
        (Accuracy, Accuracy),
    );
    model.fit(&data, Fit::epochs(30).quiet()).unwrap();
    // model.evaluate(..); department, priority = model.predict(..)
    let logs = model.evaluate(&data).unwrap();
    assert!(
        logs["department_accuracy"] > 0.9 && logs["priority_accuracy"] > 0.9,
        "{logs}"
    );
    let (department, priority) = model.predict(&data.input(4));
    assert_eq!((department.argmax(), priority.as_slice().len()), (1, 1));
}

model! { pub Line: Input(2) => Dense(1) }
model! { pub Three: Input(4) => Dense(8, relu) => Dense(3, softmax) }
model! { pub YesNo: Input(4) => Dense(8, relu) => Dense(1, sigmoid) }

/// Points of a plane.
fn plane() -> Dataset<Rank1<2>, Rank1<1>> {
    Dataset::generate(64, |i| {
        let x = [(i % 8) as f32 / 8.0, (i / 8) as f32 / 8.0];
        (x.into(), [2.0 * x[0] - x[1] + 0.5].into())
    })
}

/// Rows whose largest number is the class.
fn thirds() -> Dataset<Rank1<4>, Class<3>> {
    let mut rng = Seed(3).rng();
    Dataset::generate(150, |i| {
        let x: [f32; 4] = std::array::from_fn(|j| if j == i % 3 { 1.0 } else { rng.random() });
        (x.into(), Class::new(i % 3))
    })
}

#[test]
fn a_regression_is_compiled_with_values_for_names() {
    // model.compile(optimizer="rmsprop", loss="mean_squared_error", metrics=["mae"])
    let mut model =
        Line::new(Seed(1)).compile(RMSprop::default(), MeanSquaredError, MeanAbsoluteError);
    let logs = model.fit(&plane(), Fit::epochs(1).quiet()).unwrap();
    let names: Vec<&str> = logs.names().collect();
    assert_eq!(names, ["loss", "mean_absolute_error"]);
}

#[test]
fn each_optimizer_of_the_course_trains() {
    fn falls(optimizer: impl Optimizer + 'static) {
        let mut model = Line::new(Seed(1)).compile(optimizer, MeanSquaredError, ());
        let history = model.fit(&plane(), Fit::epochs(20).quiet()).unwrap();
        let loss = &history["loss"];
        assert!(loss[19] < loss[0], "{loss:?}");
    }
    falls(Adam::new(0.01)); // keras.optimizers.Adam(learning_rate=0.01)
    falls(RMSprop::new(1e-4)); // RMSprop(learning_rate=1e-4)
    falls(SGD::new(0.01)); // SGD(learning_rate=0.01)
    falls(SGD::new(0.01).momentum(0.9)); // SGD(learning_rate=0.01, momentum=0.9)
    falls(Adagrad::new(0.01)); // Adagrad(learning_rate=0.01)
    falls(Adadelta::new(1.0)); // Adadelta(learning_rate=1.0)
}

/// def my_loss(y_true, y_pred): return tf.reduce_mean(tf.square(y_true - y_pred))
struct MyLoss;

impl PointwiseLoss for MyLoss {
    fn value(&self, y: f32, p: f32) -> f32 {
        (y - p) * (y - p)
    }
    fn derivative(&self, y: f32, p: f32) -> f32 {
        2.0 * (p - y)
    }
}

/// class MyMetric(keras.metrics.Metric): def update_state(..), def result(..), def reset_state(..)
struct LargestError;

impl PointwiseMetric for LargestError {
    type State = f64;
    const NAME: &'static str = "largest_error";
    const HIGHER_IS_BETTER: bool = false;
    fn update(&self, state: &mut f64, y: f32, p: f32, _weight: f32) {
        *state = state.max(f64::from((y - p).abs()));
    }
    fn merge(&self, state: &mut f64, other: &f64) {
        *state = state.max(*other);
    }
    fn result(&self, state: &f64) -> f64 {
        *state
    }
}

#[test]
fn the_losses_of_the_course_and_ones_own_train() {
    let labels = thirds();
    // loss="sparse_categorical_crossentropy"; loss="categorical_crossentropy" with to_categorical(y)
    let sparse = Three::new(Seed(1))
        .compile(Adam::default(), SparseCategoricalCrossentropy, ())
        .fit(&labels, Fit::epochs(1).quiet());
    let rows = labels.to_categorical();
    let dense = Three::new(Seed(1))
        .compile(Adam::default(), CategoricalCrossentropy, ())
        .fit(&rows, Fit::epochs(1).quiet());
    assert_eq!(sparse.unwrap()["loss"], dense.unwrap()["loss"]);
    assert_eq!(
        to_categorical::<3>(&[2, 0]).unwrap(),
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    );
    // loss="binary_crossentropy"
    let yes = labels.map_labels(|class| Binary::from(class.index() == 0));
    YesNo::new(Seed(1))
        .compile(Adam::default(), BinaryCrossentropy, Accuracy)
        .fit(&yes, Fit::epochs(1).quiet())
        .unwrap();
    // loss="mse"; loss=my_loss
    let mse = Line::new(Seed(1))
        .compile(SGD::new(0.1), MeanSquaredError, ())
        .fit(&plane(), Fit::epochs(1).quiet())
        .unwrap();
    let own = Line::new(Seed(1))
        .compile(SGD::new(0.1), MyLoss, LargestError)
        .fit(&plane(), Fit::epochs(1).quiet())
        .unwrap();
    assert!((mse["loss"][0] - own["loss"][0]).abs() < 1e-6);
    assert!(own["largest_error"][0] > 0.0);
}

#[test]
fn metrics_are_reported_under_kerass_names() {
    let labels = thirds();
    let of_classes = (
        Accuracy,
        SparseCategoricalAccuracy,
        TopKCategoricalAccuracy::<2>,
        Precision,
        Recall,
        F1Score.average(Average::Macro),
    );
    let mut model =
        Three::new(Seed(1)).compile(Adam::default(), SparseCategoricalCrossentropy, of_classes);
    let expected = [
        "loss",
        "accuracy",
        "sparse_categorical_accuracy",
        "top_2",
        "precision",
        "recall",
        "f1_score",
    ];
    assert!(model.evaluate(&labels).unwrap().names().eq(expected));
    let mut model = Three::new(Seed(1)).compile(
        Adam::default(),
        CategoricalCrossentropy,
        (CategoricalAccuracy, AUC),
    );
    let logs = model.evaluate(&labels.to_categorical()).unwrap();
    assert!(logs.names().eq(["loss", "categorical_accuracy", "auc"]));
    let yes = labels.map_labels(|class| Binary::from(class.index() == 0));
    let mut model =
        YesNo::new(Seed(1)).compile(Adam::default(), BinaryCrossentropy, (BinaryAccuracy, AUC));
    let logs = model.evaluate(&yes).unwrap();
    assert!(logs.names().eq(["loss", "binary_accuracy", "auc"]));
}

#[test]
fn arrays_are_fitted_split_and_predicted() {
    // x_train, y_train = np.array(..), np.array(..)
    let (x, y) = (
        vec![
            [0.0f32, 1.0],
            [1.0, 0.0],
            [0.5, 0.5],
            [0.25, 1.0],
            [1.0, 1.0],
        ],
        [1.0f32, 2.0, 1.5, 1.0, 3.0],
    );
    let data: Dataset<Rank1<2>, Rank1<1>> = Dataset::from_arrays(&x, &y).unwrap();
    let mut model = Line::new(Seed(1)).compile(SGD::new(0.1), MeanSquaredError, ());
    // model.fit(x, y, epochs=3, batch_size=2, validation_split=0.2, verbose=0); 1 is `Bar`, 2 is `Line`
    for verbosity in [Verbosity::Quiet, Verbosity::Bar, Verbosity::Line] {
        let fit = Fit::epochs(3)
            .batch_size(2)
            .validation_split(0.2)
            .verbosity(verbosity)
            .hints(false);
        // history.history["val_loss"]
        let history = model.fit(&data, fit).unwrap();
        assert_eq!((history["loss"].len(), history["val_loss"].len()), (3, 3));
    }
    // model.fit(.., validation_data=(x_val, y_val))
    let fit = Fit::epochs(1).validation_data(&data).quiet();
    assert_eq!(model.fit(&data, fit).unwrap()["val_loss"].len(), 1);
    // predictions = model.predict(x)
    let all = model.predict_all(&data).unwrap();
    assert_eq!(all.len(), 5);
    assert_eq!(all[3], model.predict(&x[3].into()));
    // np.argmax(model.predict(images), axis=1)
    let net = Three::new(Seed(1)).compile(Adam::default(), SparseCategoricalCrossentropy, ());
    let guesses: Vec<usize> = net
        .predict_all(&thirds())
        .unwrap()
        .iter()
        .map(Tensor::argmax)
        .collect();
    assert_eq!(guesses.len(), 150);
}

#[test]
fn images_are_divided_by_255() {
    // train_images = train_images.astype("float32") / 255
    let images: Dataset<Rank2<2, 2>, Class<2>> =
        Dataset::generate(2, |i| (Tensor::full(255.0 * i as f32), Class::new(i)));
    let scaled = images.map_inputs(|image| image.map(|value| value / 255.0));
    assert_eq!(scaled.input(1).as_slice(), [1.0; 4]);
}

/// A file of the tests of `kerust-core`.
fn stored(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("kerust-core/tests/data")
        .join(name)
}

#[test]
fn each_data_set_of_the_course_is_read_from_kerass_file() {
    // (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    let (train, _) = datasets::mnist::load_from::<Rank3<28, 28, 1>>(stored("mnist.npz")).unwrap();
    assert!(!train.is_empty());
    let boston = datasets::boston_housing::Load::new().load_from(stored("boston_housing.npz"));
    assert_eq!(boston.unwrap().0.input(0).as_slice().len(), 13);
    let (train, _) = datasets::cifar10::load_from(stored("cifar-10-python.tar.gz")).unwrap();
    assert_eq!(train.input(0).as_slice().len(), 32 * 32 * 3);
    assert!(datasets::cifar100::load_from::<Class<100>>(stored("cifar-100-python.tar.gz")).is_ok());
    // imdb.load_data(num_words=20), reuters.load_data(num_words=20)
    assert!(
        datasets::imdb::Load::new()
            .num_words(20)
            .load_from(stored("imdb.npz"))
            .is_ok()
    );
    assert!(
        datasets::reuters::Load::new()
            .num_words(20)
            .load_from(stored("reuters.npz"))
            .is_ok()
    );
    // fashion_mnist.load_data(): one that is not there says which file it lacks.
    let error = datasets::fashion_mnist::load_from::<Rank2<28, 28>>(stored("nowhere")).unwrap_err();
    assert!(
        error.to_string().contains("train-images-idx3-ubyte"),
        "{error}"
    );
}

/// A folder with a folder of images for each of two classes.
fn images() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/images")
}

#[test]
fn a_folder_of_images_is_read_as_by_image_dataset_from_directory() {
    // image_dataset_from_directory(directory, image_size=(8, 6), shuffle=True, seed=1, validation_split=0.5,
    //                              subset="training", label_mode="int"): "found 6 files of 2 classes"
    let folder = ImageFolder::open(images())
        .image_size(8, 6)
        .shuffle(Seed(1))
        .validation_split(0.5);
    let train = folder
        .clone()
        .subset(Subset::Training)
        .load::<Rank3<8, 6, 3>, Class<2>>()
        .unwrap();
    assert_eq!(
        (train.len(), train.class_names()),
        (3, &["a".to_owned(), "b".to_owned()][..])
    );
    // label_mode="categorical", label_mode="binary"
    let (_, rows) = folder
        .quiet()
        .load_both::<Rank3<8, 6, 3>, Rank1<2>>()
        .unwrap();
    assert_eq!(rows.label(0).as_slice().iter().sum::<f32>(), 1.0);
    let answers = ImageFolder::open(images())
        .quiet()
        .load::<Rank3<8, 6, 3>, Binary>()
        .unwrap();
    assert_eq!(answers.len(), 6);
}

#[test]
fn callbacks_take_the_arguments_of_the_course() {
    // EarlyStopping(monitor="val_loss", patience=2, verbose=1)
    let early = || EarlyStopping::monitor("val_loss").patience(2).verbose();
    // ModelCheckpoint(filepath="model.keras", save_weights_only=False, monitor="loss", mode="min", save_best_only=True)
    let checkpoint = |path: &Path| {
        ModelCheckpoint::new(path)
            .monitor("loss")
            .mode(Mode::Min)
            .save_best_only()
    };
    let folder = scratch("course-callbacks");
    let mut model = Line::new(Seed(1)).compile(SGD::new(0.1), MeanSquaredError, ());
    let fit = |path: &Path| {
        let fit = Fit::epochs(3).validation_split(0.25).callback(early());
        fit.callback(checkpoint(path)).quiet()
    };
    let path = folder.join("model.safetensors");
    model.fit(&plane(), fit(&path)).unwrap();
    assert!(path.is_file());
    // A format that kerust does not write is refused before the first epoch.
    let before = model.weights().to_vec();
    let error = model
        .fit(&plane(), fit(&folder.join("model.keras")))
        .unwrap_err();
    assert!(error.to_string().contains("`.safetensors`"), "{error}");
    assert_eq!(model.weights(), before);
}

model! { pub Unscaled: Input(8, 8, 1) => Flatten => Dense(32, relu) => Dense(24, softmax) }

#[test]
fn a_first_loss_of_10_9_that_stays_at_ln_24_is_explained() {
    // loss: 10.9 .. loss: 3.178, 3.178, 3.178: the course trained on values up to 255
    let mut rng = Seed(3).rng();
    let data: Dataset<Rank3<8, 8, 1>, Class<24>> = Dataset::generate(480, |i| {
        (
            Tensor::from_fn(|_| rng.random_range(0.0..255.0)),
            Class::new(i % 24),
        )
    });
    let mut model =
        Unscaled::new(Seed(1)).compile(SGD::new(0.1), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&data, Fit::epochs(6).quiet()).unwrap();
    for kind in [HintKind::UnscaledInputs, HintKind::FirstLoss] {
        assert!(
            model.hints().iter().any(|hint| hint.kind == kind),
            "{:?}",
            model.hints()
        );
    }
}

#[test]
fn predictions_are_shown_in_a_grid_and_a_photo_of_ones_own_is_predicted() {
    let net = Signs::new(Seed(1));
    // image.load_img("photo.jpg", target_size=(28, 28)); img_to_array(..); model.predict(..)
    let photo = image::read(images().join("a/large.png")).unwrap();
    let scores = net.predict(&photo);
    assert!((scores.as_slice().iter().sum::<f32>() - 1.0).abs() < 1e-5);
    // plt.imshow(..); plt.title(f"{predicted} ({true})")
    let mut grid = PredictionGrid::new(28, 28, 3).columns(5);
    let guess = scores.argmax();
    grid.push(
        photo.as_slice(),
        &guess.to_string(),
        scores.as_slice()[guess],
        "a",
    )
    .unwrap();
    let folder = scratch("course-grid");
    grid.save(folder.join("grid.png")).unwrap();
}

#[test]
fn the_cost_that_the_course_computes_by_hand_is_the_mean_times_ten() {
    // The cost of one sample: the sum of the squared differences of ten outputs from one that should be 1.
    let outputs = [0.43, 0.28, 0.19, 0.88, 0.72, 0.01, 0.64, 0.86, 0.99, 0.63];
    let mut label = [0.0; 10];
    label[3] = 1.0;
    let by_hand: f32 = outputs
        .iter()
        .zip(label)
        .map(|(o, y): (&f32, f32)| (o - y) * (o - y))
        .sum();
    model! { Ten: Input(10) => Dense(10, use_bias = false, kernel_initializer = identity) }
    let data: Dataset<Rank1<10>, Rank1<10>> =
        Dataset::generate(1, |_| (outputs.into(), label.into()));
    let loss = Ten::new(Seed(1))
        .compile(SGD::new(0.1), MeanSquaredError, ())
        .evaluate(&data)
        .unwrap()["loss"];
    assert!(
        (10.0 * loss - f64::from(by_hand)).abs() < 1e-5,
        "{loss} {by_hand}"
    );
}
