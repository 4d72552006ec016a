//! Freezing parts of a model at run time.

use super::TrainError;
use super::compiled::Compiled;
use crate::Result;
use crate::data::Data;
use crate::layer::Layout;
use crate::model::Train;
use crate::optimizer::gradient_range;
use std::ops::Range;

impl<N: Train, Y: Data> Compiled<N, Y> {
    /// Freezes a part of the model: a layer or a nested model by its path (`features.conv2d_3`), or one array
    /// of weights (`dense.kernel`).
    ///
    /// From the next step on, its weights do not change and its gradient is not computed. A
    /// BatchNormalization in it uses its moving averages, as in Keras with `trainable = False`. The memory
    /// for its gradient and for the optimizer's slots is kept.
    ///
    /// ```
    /// use kerust::prelude::*;
    ///
    /// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
    /// let data: Dataset<Rank1<2>, Rank1<1>> =
    ///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
    /// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
    ///
    /// model.freeze("features")?;
    /// model.fit(&data, Fit::epochs(5).quiet())?;
    /// model.unfreeze("features")?;
    /// # Ok::<(), kerust::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error when the path does not exist. The error names the most similar path.
    pub fn freeze(&mut self, path: &str) -> Result<()> {
        let range = place::<N>(path)?;
        let mut frozen = self.trainee.applied.frozen().to_vec();
        insert(&mut frozen, range);
        self.trainee.applied.freeze(frozen);
        Ok(())
    }

    /// Unfreezes a part of the model that [`freeze`](Self::freeze) froze. The optimizer's slots of that part
    /// are reset.
    ///
    /// # Errors
    /// Returns an error when the path does not exist, or when the part is frozen in the model's declaration
    /// and thus has no memory for its gradient.
    pub fn unfreeze(&mut self, path: &str) -> Result<()> {
        let range = place::<N>(path)?;
        if range.is_empty() {
            let path = path.to_owned();
            return Err(TrainError::FrozenInDeclaration { path }.into());
        }
        let mut frozen = self.trainee.applied.frozen().to_vec();
        remove(&mut frozen, &range);
        self.trainee.applied.freeze(frozen);
        self.trainee.applied.clear_slots(&range);
        Ok(())
    }
}

fn place<N: Train>(path: &str) -> Result<Range<usize>> {
    if let Some(range) = gradient_range(&N::LAYOUT, N::SETTINGS, path) {
        return Ok(range);
    }
    let mut known = Vec::new();
    paths(&N::LAYOUT, "", &mut known);
    let nearest = known.into_iter().max_by(|a, b| {
        let near = |known: &str| strsim(known, path);
        near(a).total_cmp(&near(b))
    });
    Err(TrainError::UnknownPath {
        path: path.to_owned(),
        nearest: nearest.unwrap_or_default(),
    }
    .into())
}

fn paths(layout: &Layout, before: &str, into: &mut Vec<String>) {
    let Layout::Parts(parts) = layout else { return };
    for part in *parts {
        let path = format!("{before}{}", part.name);
        paths(&part.layout, &format!("{path}."), into);
        into.push(path);
    }
}

/// The fraction of letter pairs that two names have in common (Sørensen–Dice).
fn strsim(a: &str, b: &str) -> f64 {
    let pairs =
        |name: &str| -> Vec<(char, char)> { name.chars().zip(name.chars().skip(1)).collect() };
    let (a, mut b) = (pairs(a), pairs(b));
    let all = a.len() + b.len();
    let common = a.iter().filter(|pair| {
        let found = b.iter().position(|other| other == *pair);
        found.map(|place| b.swap_remove(place)).is_some()
    });
    2.0 * common.count() as f64 / all.max(1) as f64
}

/// Adds a range to sorted ranges that neither overlap nor touch.
fn insert(ranges: &mut Vec<Range<usize>>, mut range: Range<usize>) {
    if range.is_empty() {
        return;
    }
    ranges.retain(|other| {
        let apart = other.end < range.start || range.end < other.start;
        if !apart {
            range = range.start.min(other.start)..range.end.max(other.end);
        }
        apart
    });
    let place = ranges.partition_point(|other| other.start < range.start);
    ranges.insert(place, range);
}

/// Removes a range.
fn remove(ranges: &mut Vec<Range<usize>>, range: &Range<usize>) {
    let parts = std::mem::take(ranges).into_iter().flat_map(|other| {
        [
            other.start..other.end.min(range.start),
            other.start.max(range.end)..other.end,
        ]
    });
    ranges.extend(parts.filter(|part| !part.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_stay_in_order_and_apart() {
        let mut ranges = Vec::new();
        for range in [6..9, 0..2, 9..12, 20..24, 4..5] {
            insert(&mut ranges, range);
        }
        assert_eq!(ranges, [0..2, 4..5, 6..12, 20..24]);
        insert(&mut ranges, 1..7);
        assert_eq!(ranges, [0..12, 20..24]);
        remove(&mut ranges, &(3..22));
        assert_eq!(ranges, [0..3, 22..24]);
    }
}
