//! Compares confusion matrices, reports and class weights with scikit-learn.

use crate::golden::json;
use kerust::data::Value;
use kerust::prelude::*;
use kerust::train::{ConfusionMatrix, Judgement};

fn numbers(list: &serde_json::Value) -> Vec<usize> {
    let list = list.as_array().unwrap().iter();
    list.map(|number| number.as_u64().unwrap() as usize)
        .collect()
}

fn floats(list: &serde_json::Value) -> Vec<f64> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

#[test]
fn matrices_and_reports_are_those_of_scikit_learn() {
    let cases = json("classification.json");
    let cases = cases.as_object().unwrap();
    assert_eq!(cases.len(), 4);
    for (name, case) in cases {
        let pairs = numbers(&case["truth"])
            .into_iter()
            .zip(numbers(&case["predicted"]));
        let judgement = |(sample, (truth, predicted))| Judgement {
            sample,
            truth,
            predicted,
            score: 1.0,
            true_score: 0.0,
        };
        let judgements: Vec<_> = pairs.enumerate().map(judgement).collect();
        let names: Vec<&str> = case["names"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap())
            .collect();
        let matrix = ConfusionMatrix::new(names.len(), &judgements).names(names);
        let rows: Vec<Vec<usize>> = case["matrix"]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        assert!(matrix.rows().eq(rows.iter().map(Vec::as_slice)), "{name}");
        let report = matrix.report();
        assert_eq!(
            report.to_string() + "\n",
            case["report"].as_str().unwrap(),
            "{name}"
        );
        for (average, key) in [
            (report.macro_average(), "macro"),
            (report.weighted_average(), "weighted"),
        ] {
            let expected = floats(&case["averages"][key]);
            for (found, expected) in [average.precision, average.recall, average.f1]
                .iter()
                .zip(expected)
            {
                assert!(
                    (found - expected).abs() < 1e-12,
                    "{name} {key}: {found}, scikit-learn has {expected}"
                );
            }
        }
    }
}

#[test]
fn balanced_class_weights_are_those_of_scikit_learn() {
    for case in json("classification.json").as_object().unwrap().values() {
        let labels = numbers(&case["truth"]);
        let data: Dataset<Rank1<1>, Class<5>> =
            Dataset::from_arrays(&vec![0.0f32; labels.len()], &labels).unwrap();
        let weights = data.balanced_class_weight();
        for (class, expected) in numbers(&case["present"])
            .into_iter()
            .zip(floats(&case["balanced"]))
        {
            assert!((f64::from(weights[class]) - expected).abs() < 1e-6);
        }
    }
}

model! { Three: Input(3) => Dense(3, softmax) }

/// A model that predicts the class of its largest input.
fn three<Y: Data>(loss: impl Loss<<Three as Model>::Heads, Label = Y>) -> Compiled<Three, Y> {
    let mut net = Three::new(Seed(1));
    net.dense.kernel = [[9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]];
    net.dense.bias = [0.0; 3];
    net.compile(SGD::new(0.1), loss, ())
}

fn inputs<Y: Value>(label: impl Fn(usize) -> Y) -> Dataset<Rank1<3>, Y::Kind> {
    let rows: Dataset<Rank1<3>, Class<3>> = Dataset::generate(300, |i| {
        let mut x = [0.0; 3];
        x[i % 3] = 1.0 - i as f32 / 1000.0;
        (x.into(), Class::new(i % 3))
    });
    let mut number = 0;
    rows.map_labels(|_| {
        number += 1;
        label(number - 1)
    })
}

#[test]
fn a_model_is_judged_on_a_data_set() {
    let labels = |i: usize| Class::<3>::new(if i == 7 || i == 100 { 2 } else { i % 3 });
    let data = inputs(labels);
    let model = three(SparseCategoricalCrossentropy);
    let matrix = model.confusion_matrix(&data).unwrap();
    assert!(
        matrix
            .rows()
            .eq([&[100, 0, 0][..], &[0, 98, 0], &[0, 2, 100]])
    );
    // Sorted by confidence: the input of sample 7 is the clearer one.
    let mistakes = model.mistakes(&data).unwrap();
    let samples: Vec<usize> = mistakes.iter().map(|mistake| mistake.sample).collect();
    assert_eq!(samples, [7, 100]);
    assert!(mistakes[0].score > 0.99 && mistakes[0].true_score < 0.001);
    let report = model.classification_report(&data).unwrap();
    assert_eq!(report.classes()[1].support, 98);
    let rows = data.to_categorical();
    let same = three(CategoricalCrossentropy)
        .confusion_matrix(&rows)
        .unwrap();
    assert_eq!(same, matrix);
    let none = data.take(0);
    let error = model.confusion_matrix(&none).unwrap_err().to_string();
    assert_eq!(
        error,
        "the data set to judge is empty: found 0 samples, expected at least 1"
    );
}
