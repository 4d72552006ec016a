//! Stand-in until the losses are merged.

use super::Loss;
use crate::data::Data;
use crate::metric::Metrics;
use crate::model::Heads;

pub trait Objective<H: Heads, Y: Data>: Send {
    fn train(
        &mut self,
        heads: H::Pass<'_>,
        outputs: H::Slices<'_>,
        labels: Y::Slices<'_>,
        weights: Option<&[f32]>,
    ) -> f64;
    fn evaluate(
        &mut self,
        logits: H::Slices<'_>,
        outputs: H::Slices<'_>,
        labels: Y::Slices<'_>,
        weights: Option<&[f32]>,
    ) -> f64;
    fn reset(&mut self);
    fn names(&self) -> &[String];
    fn values(&self, into: &mut Vec<f64>);
}

pub fn objective<H: Heads, L: Loss<H>, M: Metrics<H, L::Label>>(
    loss: L,
    _metrics: M,
    _heads: &'static [&'static str],
) -> Box<dyn Objective<H, L::Label>> {
    let names = vec!["loss".into(), "accuracy".into()];
    Box::new(StandIn {
        loss,
        names,
        sum: 0.0,
        right: 0,
        count: 0,
    })
}

struct StandIn<L> {
    loss: L,
    names: Vec<String>,
    sum: f64,
    right: usize,
    count: usize,
}

impl<H: Heads, L: Loss<H>> Objective<H, L::Label> for StandIn<L> {
    fn train(
        &mut self,
        heads: H::Pass<'_>,
        outputs: H::Slices<'_>,
        labels: <L::Label as Data>::Slices<'_>,
        _weights: Option<&[f32]>,
    ) -> f64 {
        let (loss, right, count) = self.loss.judge(Some(heads), outputs, labels);
        self.sum += loss * count as f64;
        self.right += right;
        self.count += count;
        loss
    }
    fn evaluate(
        &mut self,
        _logits: H::Slices<'_>,
        outputs: H::Slices<'_>,
        labels: <L::Label as Data>::Slices<'_>,
        _weights: Option<&[f32]>,
    ) -> f64 {
        let (loss, right, count) = self.loss.judge(None, outputs, labels);
        self.sum += loss * count as f64;
        self.right += right;
        self.count += count;
        loss
    }
    fn reset(&mut self) {
        (self.sum, self.right, self.count) = (0.0, 0, 0);
    }
    fn names(&self) -> &[String] {
        &self.names
    }
    fn values(&self, into: &mut Vec<f64>) {
        into.clear();
        let count = self.count.max(1) as f64;
        into.extend([self.sum / count, self.right as f64 / count]);
    }
}
