//! Training settings of a declaration: frozen layers, regularizers, constraints; and freezing at run time.

use crate::golden::{assert_close, json};
use kerust::layer::LayerData as _;
use kerust::prelude::*;

model! {
    pub Regularized:
        Input(5)
        => Dense(4, relu, kernel_regularizer = l2(0.05))
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh, kernel_regularizer = l1_l2(l2 = 0.02, l1 = 0.01), bias_regularizer = l1(0.03))
        => Dense(2)
}
model! {
    pub Constrained:
        Input(5)
        => Dense(4, relu)
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh)
        => Dense(2, kernel_constraint = max_norm(0.6))
}
model! {
    pub NonNegative:
        Input(5)
        => Dense(4, relu, kernel_constraint = non_neg)
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh, bias_constraint = non_neg())
        => Dense(2)
}
model! {
    pub UnitNorm:
        Input(5)
        => Dense(4, relu, kernel_constraint = unit_norm)
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh, kernel_constraint = unit_norm(axis = -1), bias_constraint = unit_norm())
        => Dense(2)
}
model! {
    pub MinMaxNorm:
        Input(5)
        => Dense(4, relu, kernel_constraint = min_max_norm(0.5, 0.7))
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh, kernel_constraint = min_max_norm(0.5, max_value = 0.7, rate = 0.3, axis = (0, 1)))
        => Dense(2, kernel_constraint = max_norm(0.6, axis = 1))
}
model! {
    pub Frozen:
        Input(5)
        => Dense(4, relu, trainable = false)
        => BatchNormalization(momentum = 0.9, trainable = false)
        => Dense(3, tanh)
        => Dense(2)
}
model! {
    pub Body: Input(5) => Dense(4, relu) => BatchNormalization(momentum = 0.9)
}
model! {
    /// The same, with the frozen part as a separate model.
    pub Nested: Input(5) => Body(trainable = false) => Dense(3, tanh) => Dense(2)
}
model! {
    pub Active:
        Input(5)
        => Dense(4, relu, activity_regularizer = l2(0.05))
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh)
        => ActivityRegularization(l1 = 0.01, l2 = 0.02)
        => Dense(2, activity_regularizer = l1(0.03))
}
model! {
    pub ActiveBody:
        Input(5)
        => Dense(4, relu, activity_regularizer = l2(0.05))
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh)
        => ActivityRegularization(0.01, 0.02)
}
model! {
    /// The same, with most penalties inside of another model.
    pub ActiveNested: Input(5) => ActiveBody => Dense(2, activity_regularizer = l1(0.03))
}
model! {
    /// The penalty of the last layer is on what its activation makes.
    pub ActiveSoftmax:
        Input(5)
        => Dense(4, relu, kernel_regularizer = l1(0.02))
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh)
        => ActivityRegularization(l2 = 0.1)
        => Dense(2, softmax, activity_regularizer = l2(0.3))
}

mod own {
    /// Moves a sum towards a number.
    pub struct Sum {
        factor: f32,
        target: f32,
    }

    impl Sum {
        pub const fn new(factor: f32, target: f32) -> Self {
            Self { factor, target }
        }
    }

    impl kerust::regularizer::Regularize for Sum {
        fn penalty(&self, values: &[f32], _sizes: &[usize]) -> f64 {
            let apart = values.iter().sum::<f32>() - self.target;
            f64::from(self.factor * apart * apart)
        }

        fn add_derivative(&self, values: &[f32], _sizes: &[usize], gradient: &mut [f32]) {
            let apart = values.iter().sum::<f32>() - self.target;
            gradient
                .iter_mut()
                .for_each(|g| *g += 2.0 * self.factor * apart);
        }
    }

    pub const TOWARDS_MINUS_2: Sum = Sum::new(0.01, -2.0);
}

model! {
    pub OwnRegularizer:
        Input(5)
        => Dense(4, relu, kernel_regularizer = own::Sum::new(0.02, 1.5))
        => BatchNormalization(momentum = 0.9)
        => Dense(3, tanh)
        => Dense(2, activity_regularizer = own::TOWARDS_MINUS_2)
}
model! {
    /// The same, with nothing frozen in the declaration.
    pub Free: Input(5) => Body => Dense(3, tanh) => Dense(2)
}

const BATCH: usize = 6;
const STEPS: usize = 8;

fn numbers(value: &serde_json::Value) -> Vec<f32> {
    let values = value.as_array().expect("numbers").iter();
    values
        .map(|value| value.as_f64().expect("a number") as f32)
        .collect()
}

fn batch(golden: &serde_json::Value, step: usize) -> Dataset<Rank1<5>, Rank1<2>> {
    let (x, y) = (numbers(&golden["x"]), numbers(&golden["y"]));
    Dataset::generate(BATCH, |sample| {
        let (x, y) = (
            &x[5 * (step * BATCH + sample)..],
            &y[2 * (step * BATCH + sample)..],
        );
        let input: [f32; 5] = std::array::from_fn(|i| x[i]);
        (input.into(), [y[0], y[1]].into())
    })
}

/// The first `count` samples.
fn all(golden: &serde_json::Value, count: usize) -> Dataset<Rank1<5>, Rank1<2>> {
    let (x, y) = (numbers(&golden["x"]), numbers(&golden["y"]));
    Dataset::generate(count, |sample| {
        let input: [f32; 5] = std::array::from_fn(|i| x[5 * sample + i]);
        (input.into(), [y[2 * sample], y[2 * sample + 1]].into())
    })
}

fn compiled<N: Train<Input = Rank1<5>>>(golden: &serde_json::Value) -> Compiled<N, Rank1<2>>
where
    MeanSquaredError: Loss<N::Heads, Label = Rank1<2>>,
{
    let mut net = N::zeroed();
    net.as_mut_slice()
        .copy_from_slice(&numbers(&golden["weights"]));
    net.compile(SGD::new(0.1), MeanSquaredError, ())
}

/// Trains one step for each batch; `before` is called with the number of each step.
fn losses<N: Train<Input = Rank1<5>>>(
    model: &mut Compiled<N, Rank1<2>>,
    golden: &serde_json::Value,
) -> Vec<f32> {
    let step = |step: usize| {
        let fit = Fit::epochs(1).batch_size(BATCH).shuffle(false).quiet();
        model.fit(&batch(golden, step), fit).unwrap()["loss"][0] as f32
    };
    (0..STEPS).map(step).collect()
}

pub fn equals_keras<N: Train<Input = Rank1<5>>>(case: &str)
where
    MeanSquaredError: Loss<N::Heads, Label = Rank1<2>>,
{
    let golden = json("settings.json");
    let mut model = compiled::<N>(&golden);
    let found = losses(&mut model, &golden);
    assert_close(
        &format!("{case}: losses"),
        &found,
        &numbers(&golden[case]["losses"]),
        1e-5,
    );
    let evaluated = model.evaluate(&batch(&golden, 0)).unwrap()["loss"] as f32;
    let expected = golden[case]["evaluated"].as_f64().unwrap() as f32;
    assert_close(
        &format!("{case}: evaluated"),
        &[evaluated],
        &[expected],
        1e-5,
    );
    assert_close(
        &format!("{case}: weights"),
        model.weights(),
        &numbers(&golden[case]["weights"]),
        1e-5,
    );
}

#[test]
fn regularizers_equal_keras() {
    equals_keras::<Regularized>("regularized");
}

#[test]
fn penalties_on_outputs_equal_keras() {
    equals_keras::<Active>("active");
    equals_keras::<ActiveNested>("active");
    equals_keras::<ActiveSoftmax>("active_softmax");
}

#[test]
fn a_regularizer_of_ones_own_equals_that_of_keras() {
    kerust::testing::check_regularizer(&own::TOWARDS_MINUS_2, &[3, 5]).unwrap();
    equals_keras::<OwnRegularizer>("own_regularizer");
}

#[test]
fn penalties_on_outputs_cost_inference_nothing() {
    assert_eq!(Active::ARENA_BYTES, Plain::ARENA_BYTES);
    assert_eq!(Active::MACS, Plain::MACS);
    assert_eq!(Active::PARAMS, Plain::PARAMS);
}

model! {
    pub Plain: Input(5) => Dense(4, relu) => BatchNormalization(momentum = 0.9) => Dense(3, tanh) => Dense(2)
}
model! {
    pub Dropping: Input(5) => Dense(4, relu, activity_regularizer = l2(0.0)) => Dropout(0.5) => Dense(2)
}

#[test]
fn an_evaluation_with_penalties_on_outputs_drops_nothing() {
    let golden = json("settings.json");
    let data = batch(&golden, 0);
    let mut model = Dropping::new(Seed(1)).compile(SGD::new(0.1), MeanSquaredError, ());
    let evaluated = model.evaluate(&data).unwrap()["loss"];
    let outputs = model.predict_all(&data).unwrap();
    let squares = outputs
        .iter()
        .zip(data.iter())
        .flat_map(|(output, (_, label))| {
            let pairs = output
                .as_slice()
                .to_vec()
                .into_iter()
                .zip(label.as_slice().to_vec());
            pairs
                .map(|(p, y)| f64::from((p - y) * (p - y)))
                .collect::<Vec<_>>()
        });
    let mean = squares.sum::<f64>() / (2 * BATCH) as f64;
    assert!((evaluated - mean).abs() < 1e-6, "{evaluated} {mean}");
}

#[test]
fn the_loss_of_a_validation_has_the_penalties_of_weights() {
    let golden = json("settings.json");
    let mut model = compiled::<Regularized>(&golden);
    let (train, validation) = (all(&golden, STEPS * BATCH), all(&golden, BATCH));
    let fit = Fit::epochs(2)
        .batch_size(BATCH)
        .shuffle(false)
        .validation_data(&validation)
        .quiet();
    let history = model.fit(&train, fit).unwrap();
    for (series, name) in [("loss", "losses"), ("val_loss", "val_losses")] {
        let found: Vec<f32> = history[series].iter().map(|loss| *loss as f32).collect();
        assert_close(series, &found, &numbers(&golden["validated"][name]), 1e-5);
    }
}

#[test]
fn constraints_equal_keras() {
    equals_keras::<Constrained>("constrained");
    equals_keras::<NonNegative>("non_neg");
    equals_keras::<UnitNorm>("unit_norm");
    equals_keras::<MinMaxNorm>("min_max_norm");
}

model! {
    pub NoSuchAxis: Input(5) => Dense(2, kernel_constraint = max_norm(2, axis = (0, 1, 2)))
}

#[test]
#[should_panic(
    expected = "the constraint of `dense.kernel` has axis 2, expected an axis of the shape [5, 2]"
)]
fn an_axis_that_the_kernel_has_not_is_refused() {
    NoSuchAxis::new(Seed(1)).compile(SGD::new(0.1), MeanSquaredError, ());
}

#[test]
fn frozen_layers_equal_keras() {
    equals_keras::<Frozen>("frozen");
    equals_keras::<Nested>("frozen");
}

#[test]
fn weights_frozen_in_the_declaration_have_no_gradient_memory() {
    let (dense, head) = (4 * 3 + 3, 3 * 2 + 2);
    assert_eq!(Frozen::PARAMS, 24 + 16 + dense + head);
    assert_eq!(<Frozen as Train>::GRADIENT_LEN, dense + head);
    assert_eq!(<Nested as Train>::GRADIENT_LEN, dense + head);
    assert_eq!(<Free as Train>::GRADIENT_LEN, Free::PARAMS);
}

#[test]
fn freezing_at_run_time_equals_freezing_in_the_declaration() {
    let golden = json("settings.json");
    let mut model = compiled::<Free>(&golden);
    model.freeze("body").unwrap();
    let found = losses(&mut model, &golden);
    assert_close(
        "losses",
        &found,
        &numbers(&golden["frozen"]["losses"]),
        1e-5,
    );
    assert_close(
        "weights",
        model.weights(),
        &numbers(&golden["frozen"]["weights"]),
        1e-5,
    );
    let before = model.weights().to_vec();
    model.unfreeze("body.dense").unwrap();
    losses(&mut model, &golden);
    let moved = |range: std::ops::Range<usize>| model.weights()[range.clone()] != before[range];
    assert!(moved(0..24), "the dense layer trains again");
    assert!(!moved(24..40), "the normalization stays frozen");
}

#[test]
fn a_path_that_names_nothing_is_refused_with_the_nearest() {
    let golden = json("settings.json");
    let mut model = compiled::<Free>(&golden);
    let error = model.freeze("body.dens").unwrap_err().to_string();
    assert_eq!(
        error,
        "`body.dens` is not a part of the model; did you mean `body.dense`?"
    );
    let mut model = compiled::<Nested>(&golden);
    let error = model.unfreeze("body").unwrap_err().to_string();
    assert!(
        error.contains("`body` is frozen in the model's declaration"),
        "{error}"
    );
}

#[test]
fn averages_of_weights_equal_keras() {
    let golden = json("settings.json");
    let data = |count: usize| all(&golden, count);
    let validation = data(BATCH);
    for case in ["averages", "averages_swapped"] {
        let mut net = Free::new(Seed(1));
        net.as_mut_slice()
            .copy_from_slice(&numbers(&golden["weights"]));
        let optimizer = SGD::new(0.1).use_ema(true).ema_momentum(0.8);
        let mut model = net.compile(optimizer, MeanSquaredError, ());
        let mut fit = Fit::epochs(2)
            .batch_size(BATCH)
            .shuffle(false)
            .validation_data(&validation)
            .quiet();
        if case == "averages_swapped" {
            fit = fit.callback(SwapEMAWeights::new());
        }
        let history = model.fit(&data(STEPS * BATCH), fit).unwrap();
        for (series, name) in [("loss", "losses"), ("val_loss", "val_losses")] {
            let found: Vec<f32> = history[series].iter().map(|loss| *loss as f32).collect();
            let what = format!("{case}: {series}");
            assert_close(&what, &found, &numbers(&golden[case][name]), 1e-5);
        }
        let what = format!("{case}: weights");
        assert_close(
            &what,
            model.weights(),
            &numbers(&golden[case]["weights"]),
            1e-5,
        );
    }
}
