//! Predicted and true classes of samples.

use crate::activation::{Linear, Sigmoid, Softmax};
use crate::data::{Binary, Class, Data};
use crate::model::{Head, Heads};
use crate::tensor::Rank1;

/// The class that a model predicts for a sample, and the true one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Judgement {
    /// The index of the sample, from 0.
    pub sample: usize,
    /// The class of its label.
    pub truth: usize,
    /// The predicted class: the one with the highest score, or the first of them if several are equal.
    pub predicted: usize,
    /// The score of the predicted class, from 0 to 1.
    pub score: f32,
    /// The score of the true class, from 0 to 1.
    pub true_score: f32,
}

impl Judgement {
    /// Whether the prediction is correct.
    pub fn is_right(&self) -> bool {
        self.truth == self.predicted
    }
}

/// Heads that predict classes, with labels `Y`.
#[diagnostic::on_unimplemented(
    message = "the head `{Self}` with labels `{Y}` does not distinguish classes",
    label = "expected a model that classifies",
    note = "one head fits: softmax with labels `Class<N>` or rows of zeros with a one, one sigmoid with labels `Binary`, or their logits"
)]
pub trait Classifies<Y: Data>: Heads {
    /// The number of classes.
    const CLASSES: usize;

    /// Appends a judgement for each sample of a batch.
    #[doc(hidden)]
    fn judge(
        outputs: Self::Slices<'_>,
        labels: Y::Slices<'_>,
        numbers: &[usize],
        judgements: &mut Vec<Judgement>,
    );
}

macro_rules! classes {
    ($($activation:ident, $label:ty: |$one:ident| $truth:expr, $len:expr;)+) => {$(
        impl<const N: usize> Classifies<$label> for Head<$activation, Rank1<N>> {
            const CLASSES: usize = N;

            fn judge(
                outputs: &[f32],
                labels: <$label as crate::element::Elements>::Slices<'_>,
                numbers: &[usize],
                judgements: &mut Vec<Judgement>,
            ) {
                let samples = outputs.chunks_exact(N.max(1)).zip(labels.chunks_exact($len));
                for ((scores, $one), number) in samples.zip(numbers) {
                    judgements.push(of_scores(*number, scores, $truth, $activation::IS_LOGITS));
                }
            }
        }
    )+};
}
classes! {
    Softmax, Class<N>: |label| label[0] as usize, 1;
    Linear, Class<N>: |label| label[0] as usize, 1;
    Softmax, Rank1<N>: |label| argmax(label), N.max(1);
}

macro_rules! binary {
    ($($activation:ident)+) => {$(
        impl Classifies<Binary> for Head<$activation, Rank1<1>> {
            const CLASSES: usize = 2;

            fn judge(
                outputs: &[f32],
                labels: &[f32],
                numbers: &[usize],
                judgements: &mut Vec<Judgement>,
            ) {
                for ((output, label), number) in outputs.iter().zip(labels).zip(numbers) {
                    let yes = match $activation::IS_LOGITS {
                        true => 1.0 / (1.0 + (-output).exp()),
                        false => *output,
                    };
                    let (truth, predicted) = (usize::from(*label != 0.0), usize::from(yes > 0.5));
                    let score = |class: usize| if class == 1 { yes } else { 1.0 - yes };
                    judgements.push(Judgement {
                        sample: *number,
                        truth,
                        predicted,
                        score: score(predicted),
                        true_score: score(truth),
                    });
                }
            }
        }
    )+};
}
binary! { Sigmoid Linear }

/// Whether a head's outputs are logits.
trait Logits {
    const IS_LOGITS: bool;
}

impl Logits for Linear {
    const IS_LOGITS: bool = true;
}
impl Logits for Sigmoid {
    const IS_LOGITS: bool = false;
}
impl Logits for Softmax {
    const IS_LOGITS: bool = false;
}

fn of_scores(sample: usize, scores: &[f32], truth: usize, is_logits: bool) -> Judgement {
    let predicted = argmax(scores);
    let sum: f32 = match is_logits {
        true => scores
            .iter()
            .map(|score| (score - scores[predicted]).exp())
            .sum(),
        false => 1.0,
    };
    let score = |class: usize| match is_logits {
        true => (scores[class] - scores[predicted]).exp() / sum,
        false => scores[class],
    };
    Judgement {
        sample,
        truth,
        predicted,
        score: score(predicted),
        true_score: score(truth),
    }
}

fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_and_probabilities_give_one_judgement() {
        type Classes<A> = Head<A, Rank1<3>>;
        let (mut of_logits, mut of_shares) = (Vec::new(), Vec::new());
        let shares = [0.2f32, 0.5, 0.3];
        let logits = shares.map(|share| share.ln() + 7.0);
        <Classes<Linear> as Classifies<Class<3>>>::judge(&logits, &[2], &[9], &mut of_logits);
        <Classes<Softmax> as Classifies<Class<3>>>::judge(&shares, &[2], &[9], &mut of_shares);
        let (a, b) = (of_logits[0], of_shares[0]);
        assert_eq!((a.sample, a.truth, a.predicted), (9, 2, 1));
        assert_eq!((b.sample, b.truth, b.predicted), (9, 2, 1));
        assert!((a.score - b.score).abs() < 1e-6 && (a.true_score - 0.3).abs() < 1e-6);
        let mut one_hot = Vec::new();
        <Classes<Softmax> as Classifies<Rank1<3>>>::judge(
            &shares,
            &[0.0, 0.0, 1.0],
            &[9],
            &mut one_hot,
        );
        assert_eq!(one_hot[0], b);
    }

    #[test]
    fn a_sigmoid_is_yes_above_a_half() {
        let mut judgements = Vec::new();
        type One<A> = Head<A, Rank1<1>>;
        <One<Sigmoid> as Classifies<Binary>>::judge(
            &[0.5, 0.75],
            &[1.0, 1.0],
            &[0, 1],
            &mut judgements,
        );
        <One<Linear> as Classifies<Binary>>::judge(&[0.1], &[0.0], &[2], &mut judgements);
        let predicted: Vec<_> = judgements.iter().map(|one| one.predicted).collect();
        assert_eq!(predicted, [0, 1, 1]);
        assert_eq!((judgements[1].score, judgements[0].true_score), (0.75, 0.5));
        assert!(judgements[2].true_score < 0.5);
    }
}
