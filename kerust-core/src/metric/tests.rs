//! Tests that apply to all metrics.

use super::*;
use crate::activation::{Linear, Sigmoid, Softmax};
use crate::data::{Binary, Class};
use crate::loss::{
    CategoricalHinge, CosineSimilarity, Hinge, KLDivergence, LogCosh, MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError, Poisson, SquaredHinge,
};
use crate::tensor::Rank1;

/// 17 samples of `N` different outputs from 0 to 1, and weights.
fn outputs<const N: usize>() -> Vec<f32> {
    let values = (0..17 * N).map(|place| ((place * 29 + 11) % 101) as f32 / 101.0);
    values.collect()
}

fn weights() -> Vec<f32> {
    (0..17).map(|sample| (sample % 5) as f32 / 2.0).collect()
}

/// Checks that two merged parts, of 3 and 14 samples, give the same results as all samples at once.
fn check_merge<'a, H, Y, M, T>(metric: M, outputs: &'a [f32], labels: &'a [T])
where
    H: Heads<Slices<'a> = &'a [f32]>,
    Y: Data<Slices<'a> = &'a [T]>,
    M: Metrics<H, Y>,
{
    const FIRST: usize = 3;
    let weights: &'a [f32] = weights().leak();
    let (wide, deep) = (outputs.len() / 17, labels.len() / 17);
    let update = |state: &mut M::State, from: usize, to: usize| {
        let outputs = &outputs[from * wide..to * wide];
        let labels = &labels[from * deep..to * deep];
        metric.update(
            state,
            Batch::new(outputs, outputs, labels, Some(&weights[from..to])),
        );
    };
    let results = |state: &M::State| {
        let mut results = Vec::new();
        metric.results(state, &mut results);
        results
    };
    let (mut whole, mut first, mut second) = (
        M::State::default(),
        M::State::default(),
        M::State::default(),
    );
    update(&mut whole, 0, FIRST);
    update(&mut whole, FIRST, 17);
    update(&mut first, 0, FIRST);
    update(&mut second, FIRST, 17);
    assert_ne!(results(&first), results(&whole), "the rest changes nothing");
    metric.merge(&mut first, &second);
    let pairs = results(&first).into_iter().zip(results(&whole));
    for (merged, whole) in pairs {
        let gap = (merged - whole).abs();
        assert!(gap <= 1e-12 * whole.abs(), "{merged} is not {whole}");
    }
    // An empty state changes nothing when it is merged, and takes over the other state.
    let mut empty = M::State::default();
    metric.merge(&mut empty, &first);
    assert_eq!(results(&empty), results(&first));
    metric.merge(&mut first, &M::State::default());
    assert_eq!(results(&empty), results(&first));
}

#[test]
fn merged_states_give_the_results_of_all_samples() {
    type Classes = Head<Softmax, Rank1<3>>;
    // The sum is below 1, as the crossentropies expect.
    let scores: Vec<f32> = outputs::<3>().iter().map(|score| score / 3.0).collect();
    let numbers: Vec<u32> = (0..17).map(|sample| sample * 5 % 3).collect();
    check_merge::<Classes, Class<3>, _, _>(Accuracy, &scores, &numbers);
    check_merge::<Classes, Class<3>, _, _>(SparseCategoricalAccuracy, &scores, &numbers);
    check_merge::<Classes, Class<3>, _, _>(TopK::<2>, &scores, &numbers);
    check_merge::<Classes, Class<3>, _, _>((Accuracy, TopK::<2>), &scores, &numbers);
    check_merge::<Classes, Class<3>, _, _>(SparseCategoricalCrossentropy, &scores, &numbers);
    let one_hot: Vec<f32> = numbers
        .iter()
        .flat_map(|number| (0..3).map(move |class| f32::from(u8::from(class == *number))))
        .collect();
    check_merge::<Classes, Rank1<3>, _, _>(CategoricalAccuracy, &scores, &one_hot);
    check_merge::<Classes, Rank1<3>, _, _>(CategoricalCrossentropy, &scores, &one_hot);
    check_merge::<Classes, Rank1<3>, _, _>(KLDivergence, &scores, &one_hot);

    check_merge::<Classes, Class<3>, _, _>(F1Score, &scores, &numbers);
    check_merge::<Classes, Rank1<3>, _, _>(F1Score.average(Average::Weighted), &scores, &one_hot);
    check_merge::<Classes, Class<3>, _, _>(FBetaScore.beta(2.0).threshold(0.2), &scores, &numbers);
    check_merge::<Classes, Class<3>, _, _>(MeanIoU, &scores, &numbers);
    check_merge::<Classes, Rank1<3>, _, _>(OneHotIoU.target_class_ids([1]), &scores, &one_hot);
    check_merge::<Classes, Class<3>, _, _>(Precision.top_k(2), &scores, &numbers);
    check_merge::<Classes, Class<3>, _, _>(Recall.class_id(1).threshold(0.1), &scores, &numbers);
    check_merge::<Classes, Class<3>, _, _>(AUC, &scores, &numbers);
    check_merge::<Classes, Rank1<3>, _, _>(CategoricalHinge, &scores, &one_hot);

    type One = Head<Sigmoid, Rank1<1>>;
    let scores = outputs::<1>();
    let yes: Vec<f32> = (0..17)
        .map(|sample| f32::from(u8::from(sample * 7 % 3 == 1)))
        .collect();
    check_merge::<One, Binary, _, _>(BinaryAccuracy, &scores, &yes);
    check_merge::<One, Binary, _, _>(BinaryAccuracy.threshold(0.3), &scores, &yes);
    check_merge::<One, Binary, _, _>(Precision, &scores, &yes);
    check_merge::<One, Binary, _, _>(Recall, &scores, &yes);
    check_merge::<One, Binary, _, _>(AUC, &scores, &yes);
    check_merge::<One, Binary, _, _>(
        AUC.thresholds([0.2, 0.5, 0.7]).curve(Curve::Pr),
        &scores,
        &yes,
    );
    check_merge::<One, Binary, _, _>(AUC.weighted(), &scores, &yes);
    check_merge::<One, Binary, _, _>(F1Score.threshold(0.5), &scores, &yes);
    check_merge::<One, Binary, _, _>(BinaryIoU, &scores, &yes);
    check_merge::<One, Binary, _, _>(SensitivityAtSpecificity::new(0.5), &scores, &yes);
    check_merge::<One, Binary, _, _>(RecallAtPrecision::new(0.4), &scores, &yes);
    check_merge::<One, Binary, _, _>(
        (TruePositives, TrueNegatives, FalsePositives, FalseNegatives),
        &scores,
        &yes,
    );
    check_merge::<One, Binary, _, _>(BinaryCrossentropy, &scores, &yes);

    type Values = Head<Linear, Rank1<3>>;
    let (values, labels) = (
        outputs::<3>(),
        outputs::<3>().into_iter().rev().collect::<Vec<_>>(),
    );
    check_merge::<Values, Rank1<3>, _, _>(R2Score, &values, &labels);
    let adjusted = R2Score.num_regressors(2);
    check_merge::<Values, Rank1<3>, _, _>(adjusted, &values, &labels);
    let each = R2Score.class_aggregation(ClassAggregation::None);
    check_merge::<Values, Rank1<3>, _, _>(each, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(CosineSimilarity, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(PearsonCorrelation, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(ConcordanceCorrelation, &values, &labels);
    let rounded = |values: &[f32]| values.iter().map(|v| v.round()).collect::<Vec<_>>();
    let (outputs, truth) = (rounded(&values), rounded(&labels));
    check_merge::<Values, Rank1<3>, _, _>(EqualityAccuracy, &outputs, &truth);
    check_merge::<Values, Rank1<3>, _, _>(RootMeanSquaredError, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(MeanSquaredError, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(MeanAbsoluteError, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(MeanAbsolutePercentageError, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(MeanSquaredLogarithmicError, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(LogCosh, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(Poisson, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(Hinge, &values, &labels);
    check_merge::<Values, Rank1<3>, _, _>(SquaredHinge, &values, &labels);
}

#[test]
fn each_metric_states_whether_higher_is_better() {
    let of = |state: &dyn Fn(&mut Names)| {
        let mut names = Names::default();
        state(&mut names);
        names.higher_is_better().to_vec()
    };
    type One = Head<Sigmoid, Rank1<1>>;
    let rising = of(&|names| {
        Metrics::<One, Binary>::names(&(Accuracy, BinaryAccuracy, Precision, Recall, AUC), names);
        Metrics::<One, Rank1<1>>::names(&R2Score, names);
        Metrics::<One, Binary>::names(&(F1Score.threshold(0.5), BinaryIoU, TruePositives), names);
        Metrics::<One, Binary>::names(&PrecisionAtRecall::new(0.5), names);
        Metrics::<One, Rank1<1>>::names(&(CosineSimilarity, PearsonCorrelation), names);
        Metrics::<Head<Softmax, Rank1<5>>, Class<5>>::names(&TopK::<2>.weighted(), names);
    });
    assert_eq!(rising, [Some(true); 13]);
    let falling = of(&|names| {
        let errors = (
            MeanSquaredError,
            MeanAbsoluteError,
            RootMeanSquaredError,
            Poisson,
            Hinge,
        );
        Metrics::<One, Rank1<1>>::names(&errors, names);
        Metrics::<One, Binary>::names(&BinaryCrossentropy, names);
        Metrics::<One, Binary>::names(&(FalsePositives, FalseNegatives), names);
        Metrics::<One, Rank1<1>>::names(&CategoricalHinge, names);
    });
    assert_eq!(falling, [Some(false); 9]);
}
