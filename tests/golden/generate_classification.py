"""Write `classification.json`: confusion matrices, reports and class weights computed by scikit-learn.

Needs `pip install scikit-learn`; scikit-learn 1.9.1 made the file.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix, precision_recall_fscore_support
from sklearn.utils.class_weight import compute_class_weight

HERE = Path(__file__).resolve().parent


def main():
    rng = np.random.default_rng(2015)
    cases = {}
    for name, names, samples in (
        ("binary", ["no", "yes"], 101),
        ("three", ["T-shirt/top", "bag", "ankle boot"], 97),
        ("absent", ["a", "b", "never seen", "d", "e"], 33),
        ("never predicted", ["a", "b", "c"], 40),
    ):
        classes = len(names)
        truth = rng.choice(classes, samples, p=np.arange(1, classes + 1) / sum(range(classes + 1)))
        predicted = np.where(rng.random(samples) < 0.7, truth, rng.integers(0, classes, samples))
        if name == "absent":
            truth[truth == 2], predicted[predicted == 2] = 1, 3
        if name == "never predicted":
            predicted[predicted == 1] = 0
        present = np.union1d(truth, predicted)
        averages = {
            average: precision_recall_fscore_support(truth, predicted, average=average, zero_division=0)[:3]
            for average in ("macro", "weighted")
        }
        cases[name] = {
            "names": names,
            "truth": truth.tolist(),
            "predicted": predicted.tolist(),
            "matrix": confusion_matrix(truth, predicted, labels=range(classes)).tolist(),
            "report": classification_report(
                truth, predicted, target_names=[names[i] for i in present], zero_division=0
            ),
            "averages": {key: [float(x) for x in value] for key, value in averages.items()},
            "present": np.unique(truth).tolist(),
            "balanced": compute_class_weight("balanced", classes=np.unique(truth), y=truth).tolist(),
        }
    (HERE / "classification.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
