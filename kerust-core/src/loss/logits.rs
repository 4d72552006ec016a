//! The crossentropy of a softmax, computed from its logits.

/// The logits of one sample, prepared for the crossentropy.
pub(super) struct Logits<'a> {
    pub(super) values: &'a [f32],
    /// The softmax of the logits, if the head has computed it.
    probabilities: Option<&'a [f32]>,
    /// The largest logit.
    peak: f32,
    /// `ln Σ exp(x_j - peak)`.
    excess: f64,
}

/// Functions that turn a head's scores into [`Logits`], named after its activation.
#[allow(non_snake_case, reason = "named as the activations are")]
pub(super) mod softmax {
    use super::super::batch::Scores;
    use super::Logits;

    pub(in crate::loss) fn Softmax(scores: Scores<'_>) -> Logits<'_> {
        let (place, peak) = super::peak(scores.logits);
        // exp(x_j - peak) / Σ is known already, which saves a second exp. A probability near 1 has lost its
        // digits, so in that case the others are summed.
        let likeliest = f64::from(scores.outputs[place]);
        let excess = if likeliest > 0.5 {
            let others = scores.outputs.iter().enumerate();
            let others = others.filter(|(other, _)| *other != place);
            -libm::log1p(-others.map(|(_, p)| f64::from(*p)).sum::<f64>())
        } else {
            -libm::log(likeliest)
        };
        Logits {
            values: scores.logits,
            probabilities: Some(scores.outputs),
            peak,
            excess,
        }
    }

    pub(in crate::loss) fn Linear(scores: Scores<'_>) -> Logits<'_> {
        let (place, peak) = super::peak(scores.logits);
        let others = scores.logits.iter().enumerate();
        let others = others.filter(|(other, _)| *other != place);
        let sum: f64 = others
            .map(|(_, x)| libm::exp(f64::from(*x) - f64::from(peak)))
            .sum();
        Logits {
            values: scores.logits,
            probabilities: None,
            peak,
            excess: libm::log1p(sum),
        }
    }
}

/// The index of the largest value, and the value.
fn peak(values: &[f32]) -> (usize, f32) {
    let mut best = (0, values[0]);
    for (place, value) in values.iter().enumerate() {
        if *value > best.1 {
            best = (place, *value);
        }
    }
    best
}

impl Logits<'_> {
    /// `-ln p_j`
    pub(super) fn surprise(&self, place: usize) -> f64 {
        f64::from(self.peak) - f64::from(self.values[place]) + self.excess
    }

    pub(super) fn write_probabilities(&self, to: &mut [f32]) {
        match self.probabilities {
            Some(probabilities) => to.copy_from_slice(probabilities),
            None => {
                for (place, slot) in to.iter_mut().enumerate() {
                    *slot = libm::exp(-self.surprise(place)) as f32;
                }
            }
        }
    }

    pub(super) fn sparse(&self, label: usize, gradient: Option<&mut [f32]>) -> f64 {
        if let Some(gradient) = gradient {
            self.write_probabilities(gradient);
            gradient[label] -= 1.0;
        }
        self.surprise(label)
    }

    pub(super) fn dense(
        &self,
        labels: &[f32],
        smoothing: f32,
        gradient: Option<&mut [f32]>,
    ) -> f64 {
        let floor = smoothing / labels.len() as f32;
        let smooth = |label: f32| label * (1.0 - smoothing) + floor;
        if let Some(gradient) = gradient {
            self.write_probabilities(gradient);
            // The total is 1 for a distribution; the derivative is then p - t.
            let total: f32 = labels.iter().map(|label| smooth(*label)).sum();
            for (slot, label) in gradient.iter_mut().zip(labels) {
                *slot = *slot * total - smooth(*label);
            }
        }
        let terms = labels.iter().enumerate();
        terms
            .map(|(place, label)| match smooth(*label) {
                // 0 · ∞ counts as 0 here: a class of weight 0 does not contribute.
                0.0 => 0.0,
                target => f64::from(target) * self.surprise(place),
            })
            .sum()
    }
}
