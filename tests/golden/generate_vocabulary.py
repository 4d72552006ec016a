#!/usr/bin/env python3
"""Writes `vocabulary.json`: losses and metrics of Keras 3.15 that are not in `generate.py`.

    KERAS_BACKEND=tensorflow python generate_vocabulary.py

The environment is that of `generate.py`. A loss has predictions, labels, its value and its gradient w.r.t. the
predictions; a `_weighted` case has sample weights. A metric has its values after a batch of 32 samples, and
after one of 18 more; some predictions tie, one class has no sample, and a `_weighted` case has sample weights.
"""

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

FIRST, SAMPLES = 32, 50


def values(seed, *shape):
    """Numbers from -1 to 1 that need no random generator."""
    places = np.arange(int(np.prod(shape)), dtype=np.int64)
    numbers = ((places * 7919 + seed * 104729) % 2003) / 1001.0 - 1.0
    return numbers.astype(np.float32).reshape(shape)


def probabilities(seed, *shape):
    return (0.5 + 0.46 * values(seed, *shape)).astype(np.float32)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True)).astype(np.float32)


def bits(seed, *shape):
    return (values(seed, *shape) > 0.2).astype(np.float32)


def one_hot(labels, classes):
    return np.eye(classes, dtype=np.float32)[labels]


def embeddings(seed, *shape):
    x = values(seed, *shape)
    return (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype(np.float32)


def losses():
    make = keras.losses
    truth, p, x = bits(1, 5, 3), probabilities(2, 5, 3), 3 * values(3, 5, 3)
    loss = make.BinaryFocalCrossentropy
    yield "binary_focal", loss(), truth, p
    balanced = dict(apply_class_balancing=True, alpha=0.7, gamma=1.5)
    yield "binary_focal_balanced", loss(**balanced), truth, p
    yield "binary_focal_from_logits", loss(from_logits=True, label_smoothing=0.1), truth, x
    labels = np.array([2, 0, 4, 1, 2])
    truth, p, x = one_hot(labels, 5), softmax(2 * values(4, 5, 5)), 2 * values(5, 5, 5)
    loss = make.CategoricalFocalCrossentropy
    yield "categorical_focal", loss(), truth, p
    yield "categorical_focal_options", loss(alpha=0.6, gamma=0.5, label_smoothing=0.1), truth, p
    yield "categorical_focal_from_logits", loss(from_logits=True), truth, x
    yield "categorical_hinge", make.CategoricalHinge(), truth, x
    yield "generalized", make.CategoricalGeneralizedCrossEntropy(), labels, p
    yield "generalized_0.7", make.CategoricalGeneralizedCrossEntropy(0.7), labels, p
    loss = make.SparseCategoricalCrossentropy
    yield "ignore_class", loss(ignore_class=2), labels, p
    yield "ignore_class_from_logits", loss(ignore_class=2, from_logits=True), labels, x
    loss = make.MeanSquaredError
    yield "sum", loss(reduction="sum"), values(6, 5, 3), values(7, 5, 3)
    yield "mean_with_sample_weight", loss(reduction="mean_with_sample_weight"), values(6, 5, 3), values(7, 5, 3)
    yield "sum_of_classes", make.CategoricalCrossentropy(reduction="sum"), truth, p
    labels = np.array([0, 1, 0, 2, 1, 1, 2, 3])
    yield "circle", make.Circle(), labels, embeddings(8, 8, 4)
    options = dict(gamma=20.0, margin=0.25, remove_diagonal=False)
    yield "circle_options", make.Circle(**options), labels, embeddings(8, 8, 4)
    truth, p = bits(9, 4, 3, 2, 2), probabilities(10, 4, 3, 2, 2)
    yield "dice", make.Dice(), truth, p
    yield "dice_of_samples", make.Dice(axis=(1, 2, 3)), truth, p
    yield "tversky", make.Tversky(0.3, 0.9), truth, p
    yield "tversky_of_samples", make.Tversky(0.3, 0.9, axis=(1, 2, 3)), truth, p
    # Of each channel of each sample; without weights, which Keras does not broadcast here.
    yield "dice_of_channels", make.Dice(axis=(1, 2)), truth, p
    truth, p = one_hot(np.arange(24).reshape(4, 3, 2) * 5 % 3, 3), softmax(2 * values(11, 4, 3, 2, 3))
    yield "categorical_map", make.CategoricalCrossentropy(), truth, p


def floats(array):
    return [float(v) for v in np.asarray(array).ravel()]


def run_losses():
    found = {}
    for base, loss, y_true, y_pred in losses():
        weight = (1.3 + values(len(base), len(y_true))).astype(np.float32)
        if y_pred.ndim > 2 and base in ("categorical_map", "dice_of_channels"):
            weighted = []
        else:
            weighted = [(f"{base}_weighted", weight)]
        for name, sample_weight in [(base, None)] + weighted:
            prediction = tf.constant(y_pred)
            with tf.GradientTape() as tape:
                tape.watch(prediction)
                value = loss(y_true, prediction, sample_weight)
            gradient = tape.gradient(value, prediction)
            assert np.isfinite(value) and np.isfinite(gradient).all(), name
            found[name] = {
                "y_true": floats(y_true),
                "y_pred": floats(y_pred),
                "sample_weight": None if sample_weight is None else floats(weight),
                "value": floats(value),
                "gradient": floats(gradient),
            }
    return found


def inputs():
    """Predictions and labels by name. Class 3 of 5 has no sample, and predictions tie."""
    labels = np.arange(SAMPLES) * 7 % 5
    labels[labels == 3] = 1
    scores = softmax(2 * values(20, SAMPLES, 5) + 1.5 * one_hot(labels, 5))
    scores = np.round(scores * 16) / 16
    scores[7] = 0.0
    truth = bits(23, SAMPLES, 3) * (np.arange(3) != 1).astype(np.float32)
    several = np.round((0.7 * probabilities(21, SAMPLES, 3) + 0.3 * truth) * 12) / 12
    one = np.round(probabilities(22, SAMPLES, 1) * 30) / 30
    one[3], one[4] = 0.0, 1.0
    yield "classes", one_hot(labels, 5), labels, scores
    yield "several", truth, None, several
    yield "one", ((one + 0.6 * values(24, SAMPLES, 1)) > 0.5).astype(np.float32), None, one
    # Logits whose sigmoids tie in f32 only where they are equal.
    yield "logits", truth, None, np.round(40 * (values(31, SAMPLES, 3) + truth - 0.5)) / 16
    yield "one_logits", bits(32, SAMPLES, 1), None, np.round(24 * values(33, SAMPLES, 1)) / 8
    yield "vectors", values(29, SAMPLES, 5), None, values(29, SAMPLES, 5) + 0.8 * values(30, SAMPLES, 5)
    near = values(25, SAMPLES, 2)
    yield "values", near, None, (near + 0.4 * values(26, SAMPLES, 2)).astype(np.float32)
    equal = np.round(3 * values(27, SAMPLES, 2))
    yield "equal", equal, None, equal * (values(28, SAMPLES, 2) > -0.4)


def metrics():
    """Name, inputs, and the metric."""
    make = keras.metrics
    for average in ("micro", "macro", "weighted", None):
        yield f"f1_{average}", "classes", make.F1Score(average)
        yield f"f1_{average}_several", "several", make.F1Score(average, threshold=0.4)
    yield "f1_one", "one", make.F1Score(threshold=0.5)
    yield "fbeta_macro", "classes", make.FBetaScore("macro", beta=2.0)
    yield "fbeta_one", "one", make.FBetaScore(beta=0.5, threshold=0.3)
    options = dict(sparse_y_true=False, sparse_y_pred=False, dtype="float32")
    yield "mean_iou", "classes", make.MeanIoU(5, **options)
    yield "mean_iou_ignore", "classes", make.MeanIoU(5, ignore_class=1, **options)
    yield "iou", "classes", make.IoU(5, [0, 3, 4], **options)
    yield "one_hot_iou", "classes", make.OneHotIoU(5, [0, 2], dtype="float32")
    yield "one_hot_mean_iou", "classes", make.OneHotMeanIoU(5, dtype="float32")
    yield "binary_iou", "several", make.BinaryIoU(threshold=0.25, dtype="float32")
    yield "binary_iou_of_ones", "one", make.BinaryIoU(target_class_ids=[1], dtype="float32")
    yield "sensitivity_at_specificity", "one", make.SensitivityAtSpecificity(0.6)
    yield "specificity_at_sensitivity", "one", make.SpecificityAtSensitivity(0.7, num_thresholds=10)
    yield "precision_at_recall", "one", make.PrecisionAtRecall(0.8)
    yield "recall_at_precision", "one", make.RecallAtPrecision(0.75)
    yield "recall_at_precision_of_class", "classes", make.RecallAtPrecision(0.4, class_id=2)
    yield "sensitivity_of_all", "several", make.SensitivityAtSpecificity(0.7)
    yield "precision_of_class", "classes", make.Precision(thresholds=0.25, class_id=2)
    yield "recall_of_class", "classes", make.Recall(thresholds=0.25, class_id=2)
    yield "precision_top_2", "classes", make.Precision(top_k=2)
    yield "recall_top_2_of_class", "classes", make.Recall(top_k=2, class_id=0)
    yield "auc_classes", "classes", make.AUC()
    for method in ("interpolation", "minoring", "majoring"):
        for curve in ("ROC", "PR"):
            yield f"auc_{curve}_{method}", "one", make.AUC(
                curve=curve, summation_method=method, num_thresholds=20
            )
    yield "true_positives", "one", make.TruePositives()
    yield "true_negatives", "one", make.TrueNegatives(0.3)
    yield "false_positives", "one", make.FalsePositives(0.3)
    yield "false_negatives", "several", make.FalseNegatives()
    yield "cosine_similarity", "vectors", make.CosineSimilarity()
    yield "categorical_hinge", "classes", make.CategoricalHinge()
    yield "r2_variance_weighted", "values", make.R2Score("variance_weighted_average")
    yield "r2_each", "values", make.R2Score(None)
    yield "r2_adjusted", "values", make.R2Score(num_regressors=3)
    yield "equality", "equal", make.Accuracy()
    yield "pearson", "vectors", make.PearsonCorrelation()
    yield "concordance", "vectors", make.ConcordanceCorrelation()
    for method in ("interpolation", "minoring", "majoring"):
        for curve in ("ROC", "PR"):
            yield f"auc_labels_{curve}_{method}", "several", make.AUC(
                curve=curve, summation_method=method, num_thresholds=20, multi_label=True
            )
        yield f"auc_PRGAIN_{method}", "one", make.AUC(curve="PRGAIN", summation_method=method)
    yield "auc_labels", "several", make.AUC(multi_label=True, num_labels=3)
    yield "auc_labels_PRGAIN", "several", make.AUC(multi_label=True, curve="PRGAIN")
    weights = [2.0, 0.5, 1.0]
    yield "auc_label_weights", "several", make.AUC(label_weights=weights)
    yield "auc_labels_label_weights", "several", make.AUC(multi_label=True, label_weights=weights)
    yield "auc_labels_PR_label_weights", "several", make.AUC(
        multi_label=True, label_weights=weights, curve="PR"
    )
    yield "auc_given", "one", make.AUC(thresholds=[0.7, 0.1, 0.4])
    yield "auc_given_evenly", "one", make.AUC(thresholds=[0.75, 0.25, 0.5])
    yield "auc_given_labels", "several", make.AUC(thresholds=[0.3, 0.4], multi_label=True)
    yield "auc_from_logits", "one_logits", make.AUC(from_logits=True)
    yield "auc_labels_from_logits", "logits", make.AUC(from_logits=True, multi_label=True)
    yield "precision_from_logits", "one_logits", make.Precision(thresholds=0.0)
    yield "precision_thresholds", "one", make.Precision([0.5, 0.2, 0.9])
    yield "recall_thresholds", "several", make.Recall([0.25, 0.5])
    yield "recall_even_thresholds", "one", make.Recall([0.0, 0.25, 0.5, 0.75, 1.0])
    yield "precision_one_of_a_list", "one", make.Precision([0.4])
    yield "precision_thresholds_top_2", "classes", make.Precision([0.2, 0.5], top_k=2)
    yield "recall_thresholds_of_class", "classes", make.Recall([0.1, 0.4], class_id=2)
    yield "true_positives_thresholds", "one", make.TruePositives([0.2, 0.6])
    yield "true_negatives_thresholds", "one", make.TrueNegatives([0.2, 0.6])
    yield "false_positives_thresholds", "one", make.FalsePositives([0.2, 0.6])
    yield "false_negatives_thresholds", "several", make.FalseNegatives([0.2, 0.6])


def run_metrics():
    data = {name: rest for name, *rest in inputs()}
    weight = (np.arange(SAMPLES) * 3 % 7 / 2.0).astype(np.float32)
    found = {}
    for base, which, metric in metrics():
        truth, _, scores = data[which]
        for weighted in (False, True):
            metric.reset_state()
            after = []
            for part in (slice(0, FIRST), slice(FIRST, SAMPLES)):
                sample_weight = weight[part] if weighted else None
                if weighted and base == "binary_iou":
                    # Keras's IoU takes a weight for each value.
                    sample_weight = np.repeat(sample_weight[:, None], scores.shape[1], 1)
                metric.update_state(truth[part], scores[part], sample_weight)
                after.append(floats(metric.result()))
            name = f"{base}_weighted" if weighted else base
            found[name] = {"inputs": which, "name": metric.name, "after": after}
    arrays = {
        name: {
            "y_true": floats(truth),
            "labels": None if labels is None else floats(labels),
            "y_pred": floats(scores),
        }
        for name, (truth, labels, scores) in data.items()
    }
    return {"sample_weight": floats(weight), "inputs": arrays, "after": found}


def main():
    golden = {"losses": run_losses(), "metrics": run_metrics()}
    path = Path(__file__).with_name("vocabulary.json")
    path.write_text(json.dumps(golden) + "\n")


main()
