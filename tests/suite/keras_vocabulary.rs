//! Compares the losses and metrics of `generate_vocabulary.py` with Keras: values, gradients, several
//! batches.

use crate::golden::{assert_close, json};
use kerust::__private::model::HeadPass;
use kerust::activation::{Activation, HeadActivation, Linear, Sigmoid, Softmax};
use kerust::loss::{Loss, objective};
use kerust::metric::Metrics;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::tensor::StaticShape;
use serde_json::Value;

const TOLERANCE: f32 = 3e-6;

fn numbers(value: &Value) -> Vec<f32> {
    let values = value.as_array().into_iter().flatten();
    values
        .map(|value| value.as_f64().expect("a number") as f32)
        .collect()
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

/// Compares a loss with its golden entries, with and without sample weights.
fn check_loss<A, S, L, T>(name: &str, loss: impl Fn() -> L, label: impl Fn(f32) -> T)
where
    A: HeadActivation,
    S: StaticShape,
    L: Loss<Head<A, S>>,
    L::Label: for<'a> Data<Slices<'a> = &'a [T]>,
{
    let golden = &json("vocabulary.json")["losses"];
    assert!(golden.get(name).is_some(), "{name} is not in the file");
    for case in [name.to_owned(), format!("{name}_weighted")] {
        let Some(golden) = golden.get(&case) else {
            continue;
        };
        let logits = logits(A::ACTIVATION, &numbers(&golden["y_pred"]));
        let labels: Vec<T> = numbers(&golden["y_true"]).into_iter().map(&label).collect();
        let weights = numbers(&golden["sample_weight"]);
        let mut outputs = logits.clone();
        A::ACTIVATION.apply(&mut outputs, S::SHAPE.last());
        let mut gradient = vec![f32::NAN; logits.len()];
        let pass = HeadPass {
            logits: &logits[..],
            gradient: &mut gradient[..],
        };
        let mut objective = objective::<Head<A, S>, _, _>(loss(), (), &[]);
        let weights = (!weights.is_empty()).then_some(&weights[..]);
        let samples = logits.len() / S::LEN;
        let value = objective.train(pass, &outputs, &labels, weights.into(), samples);
        assert_close(
            &case,
            &[value as f32],
            &numbers(&golden["value"]),
            TOLERANCE,
        );
        // The golden gradient is with respect to the predictions: apply the chain rule of the activation.
        let mut expected = numbers(&golden["gradient"]);
        A::ACTIVATION.backward(&outputs, &mut expected, S::SHAPE.last());
        let what = format!("{case}: gradient");
        assert_close(&what, &gradient, &expected, 3.0 * TOLERANCE);
    }
}

macro_rules! losses {
    ($($test:ident: $name:literal, $activation:ident, $shape:ty, $label:expr, $loss:expr;)+) => {$(
        #[test]
        fn $test() {
            check_loss::<$activation, $shape, _, _>($name, || $loss, $label);
        }
    )+};
}

fn value(label: f32) -> f32 {
    label
}

fn class(label: f32) -> u32 {
    label as u32
}

losses! {
    binary_focal: "binary_focal", Sigmoid, Rank1<3>, value, BinaryFocalCrossentropy.multi_label();
    binary_focal_balanced: "binary_focal_balanced", Sigmoid, Rank1<3>, value,
        BinaryFocalCrossentropy.apply_class_balancing(true).alpha(0.7).gamma(1.5).multi_label();
    binary_focal_from_logits: "binary_focal_from_logits", Linear, Rank1<3>, value,
        BinaryFocalCrossentropy::from_logits().label_smoothing(0.1).multi_label();
    categorical_focal: "categorical_focal", Softmax, Rank1<5>, value, CategoricalFocalCrossentropy;
    categorical_focal_options: "categorical_focal_options", Softmax, Rank1<5>, value,
        CategoricalFocalCrossentropy.alpha(0.6).gamma(0.5).label_smoothing(0.1);
    categorical_focal_from_logits: "categorical_focal_from_logits", Linear, Rank1<5>, value,
        CategoricalFocalCrossentropy::from_logits();
    categorical_hinge: "categorical_hinge", Linear, Rank1<5>, value, CategoricalHinge;
    generalized: "generalized", Softmax, Rank1<5>, class, CategoricalGeneralizedCrossEntropy;
    generalized_more: "generalized_0.7", Softmax, Rank1<5>, class,
        CategoricalGeneralizedCrossEntropy.q(0.7);
    ignore_class: "ignore_class", Softmax, Rank1<5>, class,
        SparseCategoricalCrossentropy.ignore_class(2);
    ignore_class_from_logits: "ignore_class_from_logits", Linear, Rank1<5>, class,
        SparseCategoricalCrossentropy::from_logits().ignore_class(2);
    sum: "sum", Linear, Rank1<3>, value, MeanSquaredError.reduction(Reduction::Sum);
    mean_with_sample_weight: "mean_with_sample_weight", Linear, Rank1<3>, value,
        MeanSquaredError.reduction(Reduction::MeanWithSampleWeight);
    sum_of_classes: "sum_of_classes", Softmax, Rank1<5>, value,
        CategoricalCrossentropy.reduction(Reduction::Sum);
    circle: "circle", Linear, Rank1<4>, class, Circle::<4>::new();
    circle_options: "circle_options", Linear, Rank1<4>, class,
        Circle::<4>::new().gamma(20.0).margin(0.25).remove_diagonal(false);
    dice: "dice", Sigmoid, Rank3<3, 2, 2>, value, Dice;
    dice_of_samples: "dice_of_samples", Sigmoid, Rank3<3, 2, 2>, value, Dice.axis([1, 2, 3]);
    dice_of_channels: "dice_of_channels", Sigmoid, Rank3<3, 2, 2>, value, Dice.axis([1, 2]);
    tversky: "tversky", Sigmoid, Rank3<3, 2, 2>, value, Tversky.alpha(0.3).beta(0.9);
    tversky_of_samples: "tversky_of_samples", Sigmoid, Rank3<3, 2, 2>, value,
        Tversky.alpha(0.3).beta(0.9).axis([1, 2, 3]);
    categorical_map: "categorical_map", Softmax, Rank3<3, 2, 3>, value, CategoricalCrossentropy;
}

/// Processes the golden samples in batches of different sizes, and compares the metric after each.
fn check_metric<A, S, Y, T, M>(name: &str, metric: M, labels: &str, label: impl Fn(f32) -> T)
where
    A: HeadActivation,
    S: StaticShape,
    Y: for<'a> Data<Slices<'a> = &'a [T]>,
    M: Metrics<Head<A, S>, Y>,
{
    const SAMPLES: usize = 50;
    let file = json("vocabulary.json");
    let golden = &file["metrics"]["after"][name];
    let inputs = &file["metrics"]["inputs"][golden["inputs"].as_str().unwrap()];
    let (outputs, weights) = (
        numbers(&inputs["y_pred"]),
        numbers(&file["metrics"]["sample_weight"]),
    );
    let labels: Vec<T> = numbers(&inputs[labels]).into_iter().map(label).collect();
    let label_len = labels.len() / SAMPLES;
    // A metric may itself be called `weighted`: a name that ends in it twice is weighted.
    let weighted = file["metrics"]["after"]
        .get(format!("{name}_weighted"))
        .is_none();
    let (mut state, mut start) = (M::State::default(), 0);
    for (size, expected) in [32, 18]
        .into_iter()
        .zip(golden["after"].as_array().unwrap())
    {
        let samples = start..start + size;
        start += size;
        let outputs = &outputs[samples.start * S::LEN..samples.end * S::LEN];
        let labels = &labels[samples.start * label_len..samples.end * label_len];
        let weights = weighted.then_some(&weights[samples]);
        metric.update(&mut state, Batch::new(outputs, outputs, labels, weights));
        let mut results = Vec::new();
        metric.results(&state, &mut results);
        let results: Vec<f32> = results.into_iter().map(|value| value as f32).collect();
        assert_close(name, &results, &numbers(expected), TOLERANCE);
    }
}

macro_rules! metrics {
    ($($test:ident: $name:literal, $activation:ident $shape:ty, $labels:ident, $metric:expr;)+) => {$(
        #[test]
        fn $test() {
            for name in [$name, concat!($name, "_weighted")] {
                metrics!(@check name, $activation, $shape, $labels, $metric);
            }
        }
    )+};
    (@check $name:ident, $activation:ident, $shape:ty, shaped, $metric:expr) => {
        check_metric::<$activation, $shape, $shape, _, _>($name, $metric, "y_true", value)
    };
    (@check $name:ident, $activation:ident, $shape:ty, binary, $metric:expr) => {
        check_metric::<$activation, $shape, Binary, _, _>($name, $metric, "y_true", value)
    };
    (@check $name:ident, $activation:ident, $shape:ty, classes, $metric:expr) => {
        check_metric::<$activation, $shape, Class<5>, _, _>($name, $metric, "labels", class)
    };
}

metrics! {
    f1_of_each_class: "f1_None", Softmax Rank1<5>, shaped, F1Score;
    f1_of_each_class_number: "f1_None", Softmax Rank1<5>, classes, F1Score;
    f1_micro: "f1_micro", Softmax Rank1<5>, classes, F1Score.average(Average::Micro);
    f1_macro: "f1_macro", Softmax Rank1<5>, classes, F1Score.average(Average::Macro);
    f1_weighted: "f1_weighted", Softmax Rank1<5>, shaped, F1Score.average(Average::Weighted);
    f1_of_each_label: "f1_None_several", Sigmoid Rank1<3>, shaped, F1Score.threshold(0.4);
    f1_micro_of_several: "f1_micro_several", Sigmoid Rank1<3>, shaped,
        F1Score.average(Average::Micro).threshold(0.4);
    f1_macro_of_several: "f1_macro_several", Sigmoid Rank1<3>, shaped,
        F1Score.threshold(0.4).average(Average::Macro);
    f1_weighted_of_several: "f1_weighted_several", Sigmoid Rank1<3>, shaped,
        F1Score.threshold(0.4).average(Average::Weighted);
    f1_of_one: "f1_one", Sigmoid Rank1<1>, binary, F1Score.threshold(0.5);
    fbeta_macro: "fbeta_macro", Softmax Rank1<5>, classes,
        FBetaScore.beta(2.0).average(Average::Macro);
    fbeta_of_one: "fbeta_one", Sigmoid Rank1<1>, binary, FBetaScore.threshold(0.3).beta(0.5);
    mean_iou: "mean_iou", Softmax Rank1<5>, classes, MeanIoU;
    mean_iou_ignore: "mean_iou_ignore", Softmax Rank1<5>, shaped, MeanIoU.ignore_class(1);
    iou: "iou", Softmax Rank1<5>, classes, IoU.target_class_ids([0, 3, 4]);
    one_hot_iou: "one_hot_iou", Softmax Rank1<5>, shaped, OneHotIoU.target_class_ids([0, 2]);
    one_hot_mean_iou: "one_hot_mean_iou", Softmax Rank1<5>, shaped, OneHotMeanIoU;
    binary_iou: "binary_iou", Sigmoid Rank1<3>, shaped, BinaryIoU.threshold(0.25);
    binary_iou_of_ones: "binary_iou_of_ones", Sigmoid Rank1<1>, binary,
        BinaryIoU.target_class_ids([1]);
    sensitivity_at_specificity: "sensitivity_at_specificity", Sigmoid Rank1<1>, binary,
        SensitivityAtSpecificity::new(0.6);
    specificity_at_sensitivity: "specificity_at_sensitivity", Sigmoid Rank1<1>, binary,
        SpecificityAtSensitivity::new(0.7).num_thresholds(10);
    precision_at_recall: "precision_at_recall", Sigmoid Rank1<1>, binary,
        PrecisionAtRecall::new(0.8);
    recall_at_precision: "recall_at_precision", Sigmoid Rank1<1>, binary,
        RecallAtPrecision::new(0.75);
    recall_at_precision_of_class: "recall_at_precision_of_class", Softmax Rank1<5>, classes,
        RecallAtPrecision::new(0.4).class_id(2);
    sensitivity_of_all: "sensitivity_of_all", Sigmoid Rank1<3>, shaped,
        SensitivityAtSpecificity::new(0.7);
    precision_of_class: "precision_of_class", Softmax Rank1<5>, classes,
        Precision.threshold(0.25).class_id(2);
    recall_of_class: "recall_of_class", Softmax Rank1<5>, classes,
        Recall.threshold(0.25).class_id(2);
    precision_top_2: "precision_top_2", Softmax Rank1<5>, shaped, Precision.top_k(2);
    recall_top_2_of_class: "recall_top_2_of_class", Softmax Rank1<5>, classes,
        Recall.top_k(2).class_id(0);
    auc_of_classes: "auc_classes", Softmax Rank1<5>, classes, AUC;
    auc_roc: "auc_ROC_interpolation", Sigmoid Rank1<1>, binary, AUC.num_thresholds(20);
    auc_roc_minoring: "auc_ROC_minoring", Sigmoid Rank1<1>, binary,
        AUC.num_thresholds(20).summation_method(SummationMethod::Minoring);
    auc_roc_majoring: "auc_ROC_majoring", Sigmoid Rank1<1>, binary,
        AUC.num_thresholds(20).summation_method(SummationMethod::Majoring);
    auc_pr: "auc_PR_interpolation", Sigmoid Rank1<1>, binary,
        AUC.num_thresholds(20).curve(Curve::Pr);
    auc_pr_minoring: "auc_PR_minoring", Sigmoid Rank1<1>, binary,
        AUC.num_thresholds(20).curve(Curve::Pr).summation_method(SummationMethod::Minoring);
    auc_pr_majoring: "auc_PR_majoring", Sigmoid Rank1<1>, binary,
        AUC.num_thresholds(20).curve(Curve::Pr).summation_method(SummationMethod::Majoring);
    auc_pr_gain: "auc_PRGAIN_interpolation", Sigmoid Rank1<1>, binary, AUC.curve(Curve::PrGain);
    auc_pr_gain_minoring: "auc_PRGAIN_minoring", Sigmoid Rank1<1>, binary,
        AUC.curve(Curve::PrGain).summation_method(SummationMethod::Minoring);
    auc_pr_gain_majoring: "auc_PRGAIN_majoring", Sigmoid Rank1<1>, binary,
        AUC.curve(Curve::PrGain).summation_method(SummationMethod::Majoring);
    auc_labels: "auc_labels", Sigmoid Rank1<3>, shaped, AUC.multi_label(true);
    auc_labels_roc: "auc_labels_ROC_interpolation", Sigmoid Rank1<3>, shaped,
        AUC.num_thresholds(20).multi_label(true);
    auc_labels_roc_minoring: "auc_labels_ROC_minoring", Sigmoid Rank1<3>, shaped,
        AUC.num_thresholds(20).multi_label(true).summation_method(SummationMethod::Minoring);
    auc_labels_roc_majoring: "auc_labels_ROC_majoring", Sigmoid Rank1<3>, shaped,
        AUC.num_thresholds(20).multi_label(true).summation_method(SummationMethod::Majoring);
    auc_labels_pr: "auc_labels_PR_interpolation", Sigmoid Rank1<3>, shaped,
        AUC.num_thresholds(20).multi_label(true).curve(Curve::Pr);
    auc_labels_pr_minoring: "auc_labels_PR_minoring", Sigmoid Rank1<3>, shaped,
        AUC.num_thresholds(20).multi_label(true).curve(Curve::Pr)
            .summation_method(SummationMethod::Minoring);
    auc_labels_pr_majoring: "auc_labels_PR_majoring", Sigmoid Rank1<3>, shaped,
        AUC.num_thresholds(20).multi_label(true).curve(Curve::Pr)
            .summation_method(SummationMethod::Majoring);
    auc_labels_pr_gain: "auc_labels_PRGAIN", Sigmoid Rank1<3>, shaped,
        AUC.multi_label(true).curve(Curve::PrGain);
    auc_label_weights: "auc_label_weights", Sigmoid Rank1<3>, shaped,
        AUC.label_weights([2.0, 0.5, 1.0]);
    auc_labels_label_weights: "auc_labels_label_weights", Sigmoid Rank1<3>, shaped,
        AUC.multi_label(true).label_weights([2.0, 0.5, 1.0]);
    auc_labels_pr_label_weights: "auc_labels_PR_label_weights", Sigmoid Rank1<3>, shaped,
        AUC.multi_label(true).label_weights([2.0, 0.5, 1.0]).curve(Curve::Pr);
    auc_given: "auc_given", Sigmoid Rank1<1>, binary, AUC.thresholds([0.7, 0.1, 0.4]);
    auc_given_evenly: "auc_given_evenly", Sigmoid Rank1<1>, binary,
        AUC.thresholds([0.75, 0.25, 0.5]);
    auc_given_labels: "auc_given_labels", Sigmoid Rank1<3>, shaped,
        AUC.thresholds([0.3, 0.4]).multi_label(true);
    auc_from_logits: "auc_from_logits", Linear Rank1<1>, binary, AUC.from_logits();
    auc_labels_from_logits: "auc_labels_from_logits", Linear Rank1<3>, shaped,
        AUC.multi_label(true).from_logits();
    precision_from_logits: "precision_from_logits", Linear Rank1<1>, binary,
        Precision.from_logits();
    precision_thresholds: "precision_thresholds", Sigmoid Rank1<1>, binary,
        Precision.thresholds([0.5, 0.2, 0.9]);
    recall_thresholds: "recall_thresholds", Sigmoid Rank1<3>, shaped,
        Recall.thresholds([0.25, 0.5]);
    recall_even_thresholds: "recall_even_thresholds", Sigmoid Rank1<1>, binary,
        Recall.thresholds([0.0, 0.25, 0.5, 0.75, 1.0]);
    precision_one_of_a_list: "precision_one_of_a_list", Sigmoid Rank1<1>, binary,
        Precision.thresholds([0.4]);
    precision_thresholds_top_2: "precision_thresholds_top_2", Softmax Rank1<5>, shaped,
        Precision.top_k(2).thresholds([0.2, 0.5]);
    recall_thresholds_of_class: "recall_thresholds_of_class", Softmax Rank1<5>, classes,
        Recall.class_id(2).thresholds([0.1, 0.4]);
    true_positives_thresholds: "true_positives_thresholds", Sigmoid Rank1<1>, binary,
        TruePositives.thresholds([0.2, 0.6]);
    true_negatives_thresholds: "true_negatives_thresholds", Sigmoid Rank1<1>, binary,
        TrueNegatives.thresholds([0.2, 0.6]);
    false_positives_thresholds: "false_positives_thresholds", Sigmoid Rank1<1>, binary,
        FalsePositives.thresholds([0.2, 0.6]);
    false_negatives_thresholds: "false_negatives_thresholds", Sigmoid Rank1<3>, shaped,
        FalseNegatives.thresholds([0.2, 0.6]);
    true_positives: "true_positives", Sigmoid Rank1<1>, binary, TruePositives;
    true_negatives: "true_negatives", Sigmoid Rank1<1>, binary, TrueNegatives.threshold(0.3);
    false_positives: "false_positives", Sigmoid Rank1<1>, binary, FalsePositives.threshold(0.3);
    false_negatives: "false_negatives", Sigmoid Rank1<3>, shaped, FalseNegatives;
    cosine_similarity: "cosine_similarity", Linear Rank1<5>, shaped, CosineSimilarity;
    categorical_hinge_metric: "categorical_hinge", Softmax Rank1<5>, shaped, CategoricalHinge;
    r2_by_variance: "r2_variance_weighted", Linear Rank1<2>, shaped,
        R2Score.class_aggregation(ClassAggregation::VarianceWeightedAverage);
    r2_of_each: "r2_each", Linear Rank1<2>, shaped,
        R2Score.class_aggregation(ClassAggregation::None);
    r2_adjusted: "r2_adjusted", Linear Rank1<2>, shaped, R2Score.num_regressors(3);
    equality: "equality", Linear Rank1<2>, shaped, EqualityAccuracy;
    pearson: "pearson", Linear Rank1<5>, shaped, PearsonCorrelation;
    concordance: "concordance", Linear Rank1<5>, shaped, ConcordanceCorrelation;
}
