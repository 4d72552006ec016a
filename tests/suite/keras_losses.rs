//! Compares losses and metrics with Keras: values, and gradients with respect to the logits.

use crate::golden::{assert_close, json};
use kerust::__private::model::HeadPass;
use kerust::activation::{Activation, HeadActivation, Linear, Sigmoid, Softmax};
use kerust::loss::{Loss, Objective, objective};
use kerust::metric::Metrics;
use kerust::model::{Head, Heads};
use kerust::prelude::*;
use serde_json::Value;

const TOLERANCE: f32 = 2e-6;

/// All numbers of nested JSON lists, in order.
fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        Value::Null => Vec::new(),
        value => vec![value.as_f64().expect("a number") as f32],
    }
}

/// The labels of a golden file as a batch.
trait Labels: Data {
    fn batch(values: &[f32]) -> Self::Batch;
    fn slices(batch: &Self::Batch) -> Self::Slices<'_>;
}

impl<const N: usize> Labels for Class<N> {
    fn batch(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| *value as u32).collect()
    }

    fn slices(batch: &Vec<u32>) -> &[u32] {
        batch
    }
}

impl Labels for Binary {
    fn batch(values: &[f32]) -> Vec<f32> {
        values.to_vec()
    }

    fn slices(batch: &Vec<f32>) -> &[f32] {
        batch
    }
}

impl<const N: usize> Labels for Rank1<N> {
    fn batch(values: &[f32]) -> Vec<f32> {
        values.to_vec()
    }

    fn slices(batch: &Vec<f32>) -> &[f32] {
        batch
    }
}

/// Compares a loss on logits with a golden entry: its value and its gradient.
fn check<A, L, const N: usize>(what: &str, golden: &Value, logits: &[f32], loss: L)
where
    A: HeadActivation,
    L: Loss<Head<A, Rank1<N>>>,
    L::Label: Labels,
{
    let weights = golden
        .get("sample_weight")
        .map(numbers)
        .filter(|weights| !weights.is_empty());
    let labels = L::Label::batch(&numbers(&golden["y_true"]));
    let mut outputs = logits.to_vec();
    A::ACTIVATION.apply(&mut outputs, N);
    let mut gradient = vec![f32::NAN; logits.len()];
    let mut objective = objective::<Head<A, Rank1<N>>, _, _>(loss, (), &[]);
    let pass = HeadPass {
        logits,
        gradient: &mut gradient[..],
    };
    let value = objective.train(
        pass,
        &outputs,
        L::Label::slices(&labels),
        weights.as_deref().into(),
        outputs.len() / N,
    );
    assert_close(what, &[value as f32], &numbers(&golden["value"]), TOLERANCE);

    let mut expected = numbers(&golden["gradient"]);
    if golden.get("y_pred").is_some() {
        // The golden gradient is with respect to the predictions: apply the chain rule of the activation.
        A::ACTIVATION.backward(&outputs, &mut expected, N);
    }
    assert_close(
        &format!("{what}: gradient"),
        &gradient,
        &expected,
        TOLERANCE,
    );
}

/// Logits whose activation gives the golden predictions.
fn logits(activation: Activation, outputs: &[f32]) -> Vec<f32> {
    let logit = |p: f32| match activation {
        Activation::Sigmoid => (f64::from(p) / (1.0 - f64::from(p))).ln() as f32,
        Activation::Softmax => p.ln(),
        _ => p,
    };
    outputs.iter().copied().map(logit).collect()
}

macro_rules! losses {
    ($($test:ident: $name:literal, $activation:ident, $n:literal, $loss:expr;)+) => {$(
        #[test]
        fn $test() {
            let losses = &json("losses.json")["losses"];
            for name in [$name, concat!($name, "_weighted")] {
                let golden = &losses[name];
                let logits = logits($activation::ACTIVATION, &numbers(&golden["y_pred"]));
                check::<$activation, _, $n>(name, golden, &logits, $loss);
            }
        }
    )+};
}

losses! {
    binary: "binary_crossentropy", Sigmoid, 3, BinaryCrossentropy.multi_label();
    binary_from_logits: "binary_crossentropy_from_logits", Linear, 3, BinaryCrossentropy::from_logits().multi_label();
    binary_smoothing: "binary_crossentropy_smoothing", Sigmoid, 3, BinaryCrossentropy.label_smoothing(0.1).multi_label();
    categorical: "categorical_crossentropy", Softmax, 5, CategoricalCrossentropy;
    categorical_from_logits: "categorical_crossentropy_from_logits", Linear, 5, CategoricalCrossentropy::from_logits();
    categorical_smoothing: "categorical_crossentropy_smoothing", Softmax, 5, CategoricalCrossentropy.label_smoothing(0.1);
    categorical_smoothing_from_logits: "categorical_crossentropy_smoothing_from_logits", Linear, 5, CategoricalCrossentropy::from_logits().label_smoothing(0.1);
    sparse: "sparse_categorical_crossentropy", Softmax, 5, SparseCategoricalCrossentropy;
    sparse_from_logits: "sparse_categorical_crossentropy_from_logits", Linear, 5, SparseCategoricalCrossentropy::from_logits();
    squared: "mean_squared_error", Linear, 3, MeanSquaredError;
    absolute: "mean_absolute_error", Linear, 3, MeanAbsoluteError;
}

#[test]
fn crossentropies_behind_their_activation_stay_exact_for_large_logits() {
    let golden = &json("losses.json")["after_activation"];
    let case = |name: &str| (golden[name].clone(), numbers(&golden[name]["logits"]));
    let (entry, logits) = case("binary_crossentropy");
    check::<Sigmoid, _, 1>("binary", &entry, &logits, BinaryCrossentropy);
    let (entry, logits) = case("categorical_crossentropy");
    check::<Softmax, _, 3>("categorical", &entry, &logits, CategoricalCrossentropy);
    let (entry, logits) = case("sparse_categorical_crossentropy");
    check::<Softmax, _, 3>("sparse", &entry, &logits, SparseCategoricalCrossentropy);
}

/// Processes the golden samples in batches of different sizes, and compares the metric after each.
fn check_metric<H, L, M, const N: usize>(name: &str, loss: L, metric: M)
where
    H: for<'a> Heads<Slices<'a> = &'a [f32], SlicesMut<'a> = &'a mut [f32]>,
    L: Loss<H>,
    L::Label: Labels,
    M: Metrics<H, L::Label>,
{
    let file = json("losses.json");
    let golden = &file["metrics"][name];
    let inputs = &file["metric_inputs"][golden["inputs"].as_str().unwrap()];
    let (outputs, labels) = (numbers(&inputs["y_pred"]), numbers(&inputs["y_true"]));
    let weights = numbers(&file["metric_inputs"]["sample_weight"]);
    let weighted = golden["weighted"].as_bool().unwrap();
    let label_len = labels.len() / 50;

    let mut objective: Box<dyn Objective<H, L::Label>> = objective(loss, metric, &[]);
    let (mut values, mut start) = (Vec::new(), 0);
    for (size, expected) in [(32, "after_first_batch"), (18, "value")] {
        let samples = start..start + size;
        start += size;
        let outputs = &outputs[samples.start * N..samples.end * N];
        let labels = L::Label::batch(&labels[samples.start * label_len..samples.end * label_len]);
        let weights = weighted.then_some(&weights[samples]);
        objective.evaluate(outputs, outputs, L::Label::slices(&labels), weights.into());
        values.clear();
        objective.values(&mut values);
        let expected = numbers(&golden[expected]);
        assert_close(name, &[values[1] as f32], &expected, TOLERANCE);
    }
}

macro_rules! metrics {
    ($($test:ident: $name:literal, $activation:ident, $n:literal, $loss:expr, $metric:expr;)+) => {$(
        #[test]
        fn $test() {
            check_metric::<Head<$activation, Rank1<$n>>, _, _, $n>($name, $loss, $metric);
            check_metric::<Head<$activation, Rank1<$n>>, _, _, $n>(
                concat!($name, "_weighted"), $loss, $metric.weighted());
        }
    )+};
}

metrics! {
    binary_accuracy: "binary_accuracy", Sigmoid, 1, BinaryCrossentropy, BinaryAccuracy;
    binary_accuracy_at: "binary_accuracy_0.7", Sigmoid, 1, BinaryCrossentropy, BinaryAccuracy.threshold(0.7);
    accuracy_of_one_sigmoid: "binary_accuracy", Sigmoid, 1, BinaryCrossentropy, Accuracy;
    categorical_accuracy: "categorical_accuracy", Softmax, 6, CategoricalCrossentropy, CategoricalAccuracy;
    accuracy_of_one_hot_labels: "categorical_accuracy", Softmax, 6, CategoricalCrossentropy, Accuracy;
    sparse_categorical_accuracy: "sparse_categorical_accuracy", Softmax, 6, SparseCategoricalCrossentropy, SparseCategoricalAccuracy;
    accuracy_of_classes: "sparse_categorical_accuracy", Softmax, 6, SparseCategoricalCrossentropy, Accuracy;
    top_3: "sparse_top_k_3", Softmax, 6, SparseCategoricalCrossentropy, TopK::<3>;
    top_3_of_one_hot_labels: "top_k_3", Softmax, 6, CategoricalCrossentropy, TopK::<3>;
    precision: "precision", Sigmoid, 1, BinaryCrossentropy, Precision;
    precision_at: "precision_0.3", Sigmoid, 1, BinaryCrossentropy, Precision.threshold(0.3);
    recall: "recall", Sigmoid, 1, BinaryCrossentropy, Recall;
    recall_at: "recall_0.3", Sigmoid, 1, BinaryCrossentropy, Recall.threshold(0.3);
    auc: "auc", Sigmoid, 1, BinaryCrossentropy, AUC;
    auc_of_20_thresholds: "auc_20_thresholds", Sigmoid, 1, BinaryCrossentropy, AUC.num_thresholds(20);
    auc_of_precision_and_recall: "auc_pr", Sigmoid, 1, BinaryCrossentropy, AUC.curve(Curve::Pr);
    mean_absolute_error: "mean_absolute_error", Linear, 2, MeanSquaredError, MeanAbsoluteError;
    mean_squared_error: "mean_squared_error", Linear, 2, MeanSquaredError, MeanSquaredError;
    root_mean_squared_error: "root_mean_squared_error", Linear, 2, MeanSquaredError, RootMeanSquaredError;
}
