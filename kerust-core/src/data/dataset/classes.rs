//! Methods of data sets whose labels are classes.

use super::Dataset;
use crate::data::{Class, Classes, Data};
use crate::tensor::{Rank1, Tensor};

impl<X: Data, Y: Data> Dataset<X, Y> {
    /// The number of samples of each class.
    pub fn class_counts<const N: usize>(&self) -> [usize; N]
    where
        Y: Classes<N>,
    {
        let mut counts = [0; N];
        for place in &*self.places {
            counts[Y::class(&Y::read(&self.labels, place.label))] += 1;
        }
        counts
    }

    /// A weight for each class, for [`Fit::class_weight`](crate::train::Fit::class_weight). Rare classes get
    /// larger weights, so that all classes have the same total weight. The formula is scikit-learn's:
    /// `samples / (classes · count)`.
    ///
    /// A class without samples has the weight 1, and is not included in the number of classes.
    pub fn balanced_class_weight<const N: usize>(&self) -> [f32; N]
    where
        Y: Classes<N>,
    {
        let counts = self.class_counts::<N>();
        let classes = counts.iter().filter(|count| **count > 0).count();
        counts.map(|count| match count {
            0 => 1.0,
            _ => (self.len() as f64 / (classes * count) as f64) as f32,
        })
    }

    /// Like [`split`](Self::split), but splits each class in the same proportion. The order of the samples is
    /// kept.
    ///
    /// A class with two samples or more has at least one in each part, unless `fraction` is 0 or 1.
    ///
    /// # Panics
    /// Panics unless `0 <= fraction <= 1`.
    pub fn stratified_split<const N: usize>(&self, fraction: f64) -> (Self, Self)
    where
        Y: Classes<N>,
    {
        let total = self.split(fraction).0.len();
        let mut first = shares(&self.class_counts::<N>(), fraction, total);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for place in &*self.places {
            let left = &mut first[Y::class(&Y::read(&self.labels, place.label))];
            match left {
                0 => other.push(*place),
                _ => {
                    *left -= 1;
                    one.push(*place);
                }
            }
        }
        (self.at(one.into()), self.at(other.into()))
    }
}

/// The number of samples of each class in the first part, `total` together. As far as possible, each class
/// with two samples or more is in both parts.
fn shares(counts: &[usize], fraction: f64, total: usize) -> Vec<usize> {
    let exact = |count: usize| count as f64 * fraction;
    let mut shares: Vec<usize> = counts.iter().map(|c| exact(*c).floor() as usize).collect();
    let mut by_rest: Vec<usize> = (0..counts.len()).collect();
    let rest = |class: usize| exact(counts[class]).fract();
    // A stable sort: of equal remainders, the first class comes first.
    by_rest.sort_by(|a, b| rest(*b).total_cmp(&rest(*a)));
    let missing = total.saturating_sub(shares.iter().sum());
    for class in by_rest.into_iter().take(missing) {
        shares[class] += 1;
    }
    for (share, count) in shares.iter_mut().zip(counts) {
        if *count >= 2 && fraction > 0.0 && fraction < 1.0 {
            *share = (*share).clamp(1, count - 1);
        }
    }
    shares
}

impl<X: Data, const N: usize> Dataset<X, Class<N>> {
    /// Converts the class labels to one-hot rows, for `CategoricalCrossentropy`: Keras's `to_categorical`.
    /// Inputs are not copied.
    pub fn to_categorical(&self) -> Dataset<X, Rank1<N>> {
        let one_hot = |class: Class<N>| {
            let mut row = Tensor::<Rank1<N>>::zeroed();
            row.as_mut_slice()[class.index()] = 1.0;
            row
        };
        let mut categorical = self.map_labels(one_hot);
        categorical.class_names = self.class_names.clone();
        categorical
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Binary;

    fn data<const N: usize>(classes: &[usize]) -> Dataset<Rank1<1>, Class<N>> {
        Dataset::generate(classes.len(), |i| {
            ([i as f32].into(), Class::new(classes[i]))
        })
    }

    #[test]
    fn balanced_weights_are_those_of_scikit_learn() {
        // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 0, 1, 2])
        let weights = data::<3>(&[0, 0, 0, 0, 1, 2]).balanced_class_weight();
        assert_eq!(weights, [0.5, 2.0, 2.0]);
        assert_eq!(
            data::<4>(&[0, 0, 3]).balanced_class_weight(),
            [0.75, 1.0, 1.0, 1.5]
        );
        let binary = Dataset::<Rank1<1>, Binary>::generate(4, |i| ([0.0].into(), (i == 0).into()));
        assert_eq!(binary.class_counts(), [3, 1]);
        assert_eq!(binary.balanced_class_weight(), [4.0 / 6.0, 2.0]);
    }

    #[test]
    fn a_stratified_split_divides_each_class() {
        let classes: Vec<usize> = (0..100).map(|i| usize::from(i >= 90)).collect();
        let (train, test) = data::<2>(&classes).stratified_split(0.8);
        assert_eq!(train.class_counts(), [72, 8]);
        assert_eq!(test.class_counts(), [18, 2]);
        assert_eq!(test.input(0).as_slice(), [72.0]);
        // 17 samples of three classes: the first part has the same size as with `split`.
        let odd: Vec<usize> = (0..17).map(|i| i % 3).collect();
        let (train, test) = data::<3>(&odd).stratified_split(0.5);
        assert_eq!((train.len(), test.len()), (9, 8));
        let (all, none) = data::<3>(&odd).stratified_split(1.0);
        assert_eq!((all.len(), none.len()), (17, 0));
    }

    #[test]
    fn a_rare_class_is_on_both_sides() {
        let (train, test) = data::<2>(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 1]).stratified_split(0.9);
        assert_eq!(train.class_counts(), [7, 1]);
        assert_eq!(test.class_counts(), [1, 1]);
        let (train, test) = data::<2>(&[1]).stratified_split(0.5);
        assert_eq!(train.len() + test.len(), 1);
    }

    #[test]
    fn classes_become_rows_of_zeros_with_a_one() {
        let rows = data::<3>(&[2, 0]).to_categorical();
        assert_eq!(rows.label(0).as_slice(), [0.0, 0.0, 1.0]);
        assert_eq!(rows.label(1).as_slice(), [1.0, 0.0, 0.0]);
    }
}
