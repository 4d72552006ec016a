//! The loss and the metrics of a compiled model as one object, for the training loop.

use super::{Batch, BatchWeights, Loss};
use crate::data::Data;
use crate::element::Elements;
use crate::metric::{Metrics, Names};
use crate::model::{HeadPass, Heads};

/// The loss and the metrics of a model, with their results so far. [`objective`] creates one.
///
/// Memory is allocated for the first batch only.
pub trait Objective<H: Heads, Y: Data>: Send {
    /// Processes one training batch. It writes the gradient of the mean loss to `heads`, updates the running
    /// loss and metrics, and returns the mean loss of the batch: the sum over all heads, each multiplied by
    /// its weight. `outputs` are the activated heads. `weights` are those of the samples. `divisor` is the divisor of the mean: the number of these samples, or that of the whole batch of
    /// which they are a part.
    fn train<'a>(
        &mut self,
        heads: HeadPass<'a, H>,
        outputs: H::Slices<'a>,
        labels: Y::Slices<'a>,
        weights: BatchWeights<'a>,
        divisor: usize,
    ) -> f64;

    /// Processes one batch without a gradient.
    fn evaluate<'a>(
        &mut self,
        logits: H::Slices<'a>,
        outputs: H::Slices<'a>,
        labels: Y::Slices<'a>,
        weights: BatchWeights<'a>,
    ) -> f64;

    /// Whether the loss is a crossentropy of classes.
    fn is_crossentropy(&self) -> bool {
        false
    }

    /// Adds a penalty to the running loss of the last `samples` samples.
    fn add_penalty(&mut self, penalty: f64, samples: usize);

    /// Resets the running loss and metrics at the start of an epoch.
    fn reset(&mut self);

    /// The names of the results, in Keras's order: `loss`; with several heads the loss of each (`class_loss`,
    /// before its weight); then the metrics (`accuracy`, `class_accuracy`).
    fn names(&self) -> &[String];

    /// Whether a higher value is better, for each of [`names`](Self::names). `None` if a custom metric does
    /// not say.
    fn higher_is_better(&self) -> &[Option<bool>];

    /// Appends the running results since [`reset`](Self::reset), in the order of [`names`](Self::names). As
    /// in Keras, the loss of a batch is weighted by its number of samples.
    fn values(&self, into: &mut Vec<f64>);
}

/// Combines a loss and metrics for heads with the given names. `heads` is empty for a single head.
///
/// ```
/// use kerust::activation::Linear;
/// use kerust::loss::{MeanAbsoluteError, MeanSquaredError, objective};
/// use kerust::model::Head;
/// use kerust::tensor::Rank1;
///
/// let mut running =
///     objective::<Head<Linear, Rank1<1>>, _, _>(MeanSquaredError, MeanAbsoluteError, &[]);
/// running.evaluate(&[3.0, 1.0], &[3.0, 1.0], &[0.0, 0.0], None.into());
/// assert_eq!(running.names(), ["loss", "mean_absolute_error"]);
/// assert_eq!(running.higher_is_better(), [Some(false), Some(false)]);
/// let mut values = Vec::new();
/// running.values(&mut values);
/// assert_eq!(values, [5.0, 2.0]);
/// ```
pub fn objective<H, L, M>(
    loss: L,
    metrics: M,
    heads: &'static [&'static str],
) -> Box<dyn Objective<H, L::Label>>
where
    H: Heads,
    L: Loss<H>,
    M: Metrics<H, L::Label>,
{
    let mut names = Names::default();
    names.push("loss", Some(false));
    for head in heads {
        names.of_head(Some(head)).push("loss", Some(false));
    }
    names.of_head(None);
    metrics.names_of(heads, &mut names);
    Box::new(Running::<H, L, M> {
        loss,
        state: M::State::default(),
        metrics,
        names,
        head_count: heads.len(),
        each: Vec::new(),
        each_total: Vec::new(),
        total: 0.0,
        samples: 0.0,
    })
}

struct Running<H: Heads, L: Loss<H>, M: Metrics<H, L::Label>> {
    loss: L,
    metrics: M,
    state: M::State,
    names: Names,
    /// 0 for a single head.
    head_count: usize,
    /// The losses of the heads in the last batch.
    each: Vec<f64>,
    /// Sums over all samples since `reset`.
    each_total: Vec<f64>,
    total: f64,
    samples: f64,
}

impl<H: Heads, L: Loss<H>, M: Metrics<H, L::Label>> Running<H, L, M> {
    fn step(&mut self, batch: Batch<'_, H, L::Label>, gradient: Option<H::SlicesMut<'_>>) -> f64 {
        self.each.clear();
        let loss = self.loss.measure_each(batch, gradient, &mut self.each);
        let (samples, divisor) = (batch.len() as f64, batch.divisor() as f64);
        self.each_total.resize(self.each.len(), 0.0);
        for (total, loss) in self.each_total.iter_mut().zip(&self.each) {
            *total += loss * divisor;
        }
        self.total += loss * divisor;
        self.samples += samples;
        self.metrics
            .update(&mut self.state, batch.without_weights());
        loss
    }
}

impl<H: Heads, L: Loss<H>, M: Metrics<H, L::Label>> Objective<H, L::Label> for Running<H, L, M> {
    fn train<'a>(
        &mut self,
        heads: HeadPass<'a, H>,
        outputs: H::Slices<'a>,
        labels: <L::Label as Elements>::Slices<'a>,
        weights: BatchWeights<'a>,
        divisor: usize,
    ) -> f64 {
        let HeadPass { logits, gradient } = heads;
        let batch = Batch::weighted(logits, outputs, labels, weights).part_of(divisor);
        self.step(batch, Some(gradient))
    }

    fn evaluate<'a>(
        &mut self,
        logits: H::Slices<'a>,
        outputs: H::Slices<'a>,
        labels: <L::Label as Elements>::Slices<'a>,
        weights: BatchWeights<'a>,
    ) -> f64 {
        self.step(Batch::weighted(logits, outputs, labels, weights), None)
    }

    fn is_crossentropy(&self) -> bool {
        self.loss.is_crossentropy()
    }

    fn add_penalty(&mut self, penalty: f64, samples: usize) {
        self.total += penalty * samples as f64;
    }

    fn reset(&mut self) {
        self.each_total.iter_mut().for_each(|total| *total = 0.0);
        (self.total, self.samples) = (0.0, 0.0);
        self.metrics.reset(&mut self.state);
    }

    fn names(&self) -> &[String] {
        self.names.as_slice()
    }

    fn higher_is_better(&self) -> &[Option<bool>] {
        self.names.higher_is_better()
    }

    fn values(&self, into: &mut Vec<f64>) {
        let samples = self.samples.max(1.0);
        into.push(self.total / samples);
        for head in 0..self.head_count {
            let total = self.each_total.get(head).copied().unwrap_or(0.0);
            into.push(total / samples);
        }
        self.metrics.results(&self.state, into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Linear, Softmax};
    use crate::loss::{MeanAbsoluteError, MeanSquaredError, SparseCategoricalCrossentropy};
    use crate::metric::{Accuracy, TopK};
    use crate::model::Head;
    use crate::tensor::Rank1;

    type Two = (Head<Softmax, Rank1<2>>, Head<Linear, Rank1<1>>);

    fn values<H: Heads, Y: Data>(objective: &dyn Objective<H, Y>) -> Vec<f64> {
        let mut values = Vec::new();
        objective.values(&mut values);
        values
    }

    #[test]
    fn a_smaller_batch_counts_less_in_the_running_loss() {
        let loss = MeanSquaredError;
        let mut objective = objective::<Head<Linear, Rank1<1>>, _, _>(loss, (), &[]);
        let x = [1.0, 1.0, 1.0, 2.0];
        let first = objective.evaluate(&x[..3], &x[..3], &[0.0; 3], None.into());
        let second = objective.evaluate(&x[3..], &x[3..], &[0.0], None.into());
        assert_eq!((first, second), (1.0, 4.0));
        assert_eq!(values(&*objective), [7.0 / 4.0]);
        objective.reset();
        assert_eq!(values(&*objective), [0.0]);
    }

    #[test]
    fn heads_are_reported_by_name_before_their_weight() {
        let mut objective = objective::<Two, _, _>(
            (SparseCategoricalCrossentropy, MeanSquaredError.weight(0.5)),
            ((Accuracy, TopK::<2>), MeanAbsoluteError),
            &["class", "offset"],
        );
        let expected = [
            "loss",
            "class_loss",
            "offset_loss",
            "class_accuracy",
            "class_top_2",
            "offset_mean_absolute_error",
        ];
        assert_eq!(objective.names(), expected);

        let (logits, outputs, offset) = ([0.0, 0.0], [0.5, 0.5], [3.0]);
        let (mut class_gradient, mut offset_gradient) = ([f32::NAN; 2], [f32::NAN; 1]);
        let heads = HeadPass {
            logits: (&logits[..], &offset[..]),
            gradient: (&mut class_gradient[..], &mut offset_gradient[..]),
        };
        let labels: (&[u32], &[f32]) = (&[1], &[1.0]);
        let loss = objective.train(heads, (&outputs, &offset), labels, None.into(), 1);
        let class_loss = 2f64.ln();
        assert_eq!(loss, class_loss + 2.0);
        assert_eq!((class_gradient, offset_gradient), ([0.5, -0.5], [2.0]));
        assert_eq!(values(&*objective), [loss, class_loss, 4.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn parts_of_a_batch_add_up_to_the_whole() {
        type One = Head<Softmax, Rank1<2>>;
        let make = || objective::<One, _, _>(SparseCategoricalCrossentropy, Accuracy, &[]);
        let logits = [0.3, -0.2, 1.5, 0.1, -0.7, 0.4];
        let mut outputs = logits;
        One::activate(&mut outputs);
        let (labels, weights) = ([0, 1, 1], [1.0, 0.5, 2.0]);
        let step = |samples: std::ops::Range<usize>, divisor| {
            let mut objective = make();
            let range = samples.start * 2..samples.end * 2;
            let mut gradient = vec![f32::NAN; range.len()];
            let pass = HeadPass {
                logits: &logits[range.clone()],
                gradient: &mut gradient[..],
            };
            let (outputs, labels) = (&outputs[range], &labels[samples.clone()]);
            let loss = objective.train(
                pass,
                outputs,
                labels,
                Some(&weights[samples]).into(),
                divisor,
            );
            (loss, gradient, values(&*objective))
        };
        let (whole, gradient, _) = step(0..3, 3);
        let (first, mut parts, running) = step(0..1, 3);
        let (second, rest, _) = step(1..3, 3);
        parts.extend(rest);
        assert!((first + second - whole).abs() < 1e-12);
        assert_eq!(parts, gradient);
        // The reported loss is the mean over this part's own samples.
        let (alone, _, _) = step(0..1, 1);
        assert!((running[0] - alone).abs() < 1e-12);
    }

    #[test]
    fn sample_weights_count_in_the_loss_and_in_weighted_metrics_only() {
        type One = Head<Softmax, Rank1<2>>;
        let mut objective = objective::<One, _, _>(
            SparseCategoricalCrossentropy,
            (Accuracy, Accuracy.weighted()),
            &[],
        );
        assert_eq!(objective.names(), ["loss", "accuracy", "weighted_accuracy"]);
        let (logits, outputs) = ([0.0; 4], [0.5; 4]);
        let labels: &[u32] = &[0, 1];
        objective.evaluate(&logits, &outputs, labels, Some(&[3.0, 1.0][..]).into());
        assert_eq!(values(&*objective), [2.0 * 2f64.ln(), 0.5, 0.75]);
    }
}
