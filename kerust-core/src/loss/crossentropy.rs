//! Crossentropy for several classes.
//!
//! `-Σ t_j ln p_j` with `p = softmax(x)`. Like Keras with TensorFlow after a softmax, it is computed from the
//! logits, `Σ t_j (ln Σ exp x_k - x_j)`. Therefore no probability is clipped, and the derivative `p - t` is
//! exact.

use super::batch::Scores;
use super::logits::{Logits, softmax};
use super::weight::{scaled, weighable};
use super::{Batch, Loss};
use crate::activation::{HeadActivation, Linear, Softmax};
use crate::data::{Class, Data};
use crate::model::Head;
use crate::tensor::{Rank1, Rank2, StaticShape};
use core::marker::PhantomData;

/// Crossentropy for several classes, with integer class labels. Keras: `SparseCategoricalCrossentropy`.
///
/// It fits a softmax over N classes with labels `Class<N>`, and a sequence of them with one label for each step,
/// `[Class<N>; STEPS]`. Steps that a mask leaves out do not count. For a head without activation, use
/// `SparseCategoricalCrossentropy::from_logits()`.
///
/// ```
/// use kerust::loss::SparseCategoricalCrossentropy;
///
/// let loss = SparseCategoricalCrossentropy;
/// let of_logits = SparseCategoricalCrossentropy::from_logits();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SparseCategoricalCrossentropy;

/// Crossentropy for several classes, with one-hot labels or other distributions. Keras:
/// `CategoricalCrossentropy`.
///
/// It fits a softmax over N classes with labels `Rank1<N>`. For a head without activation, use
/// `CategoricalCrossentropy::from_logits()`. For a map, such as a segmentation with shape (rows, columns, N),
/// the loss is the mean over all positions.
///
/// ```
/// use kerust::loss::CategoricalCrossentropy;
///
/// let loss = CategoricalCrossentropy;
/// let smoothed = CategoricalCrossentropy.label_smoothing(0.1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalCrossentropy;

/// A crossentropy, or a metric of probabilities such as [`AUC`](struct@crate::metric::AUC), for a head without
/// activation, whose outputs are logits: Keras's `from_logits = True`.
///
/// ```
/// use kerust::loss::CategoricalCrossentropy;
///
/// let loss = CategoricalCrossentropy::from_logits();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FromLogits<L>(pub(crate) L);

/// A crossentropy with smoothed labels: Keras's `label_smoothing`.
///
/// ```
/// use kerust::loss::BinaryCrossentropy;
///
/// let loss = BinaryCrossentropy.label_smoothing(0.1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LabelSmoothing<L> {
    pub(super) amount: f32,
    loss: PhantomData<L>,
}

impl<L> LabelSmoothing<L> {
    pub(super) fn new(amount: f32) -> Self {
        assert!(
            (0.0..=1.0).contains(&amount),
            "`label_smoothing` is {amount}, expected a number from 0 to 1"
        );
        Self {
            amount,
            loss: PhantomData,
        }
    }
}

/// A crossentropy that ignores the samples of one class: Keras's `ignore_class`.
///
/// Their loss and gradient are 0, and the mean is over the other samples.
///
/// ```
/// use kerust::loss::SparseCategoricalCrossentropy;
///
/// let loss = SparseCategoricalCrossentropy.ignore_class(0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct IgnoreClass<L> {
    class: usize,
    loss: PhantomData<L>,
}

impl SparseCategoricalCrossentropy {
    /// The loss for a head without activation (Keras's `from_logits = True`).
    pub const fn from_logits() -> FromLogits<Self> {
        FromLogits(Self)
    }

    /// Ignores the samples of this class (Keras's `ignore_class`).
    pub const fn ignore_class(self, class: usize) -> IgnoreClass<Self> {
        let loss = PhantomData;
        IgnoreClass { class, loss }
    }
}

impl FromLogits<SparseCategoricalCrossentropy> {
    /// Ignores the samples of this class (Keras's `ignore_class`).
    pub const fn ignore_class(
        self,
        class: usize,
    ) -> FromLogits<IgnoreClass<SparseCategoricalCrossentropy>> {
        FromLogits(self.0.ignore_class(class))
    }
}

impl CategoricalCrossentropy {
    /// The loss for a head without activation (Keras's `from_logits = True`).
    pub const fn from_logits() -> FromLogits<Self> {
        FromLogits(Self)
    }

    /// Smooths labels `t` to `t (1 - amount) + amount / N` (Keras's `label_smoothing`).
    ///
    /// # Panics
    /// Panics unless `0 <= amount <= 1`.
    pub fn label_smoothing(self, amount: f32) -> LabelSmoothing<Self> {
        LabelSmoothing::new(amount)
    }
}

impl FromLogits<CategoricalCrossentropy> {
    /// Smooths labels `t` to `t (1 - amount) + amount / N` (Keras's `label_smoothing`).
    ///
    /// # Panics
    /// Panics unless `0 <= amount <= 1`.
    pub fn label_smoothing(
        self,
        amount: f32,
    ) -> FromLogits<LabelSmoothing<CategoricalCrossentropy>> {
        FromLogits(LabelSmoothing::new(amount))
    }
}

weighable! {
    SparseCategoricalCrossentropy;
    CategoricalCrossentropy;
    {L} FromLogits<L>;
    {L} LabelSmoothing<L>;
    {L} IgnoreClass<L>;
}

macro_rules! sparse {
    ($($name:ty, $activation:ident, |$self:ident| $ignored:expr;)+) => {$(
        sparse!(@one $name, $activation, |$self| $ignored, [const N: usize] Rank1<N>, Class<N>);
        // One label for each step.
        sparse!(
            @one $name, $activation, |$self| $ignored,
            [const STEPS: usize, const N: usize] Rank2<STEPS, N>, [Class<N>; STEPS]
        );
    )+};
    (@one $name:ty, $activation:ident, |$self:ident| $ignored:expr, [$($size:tt)+] $shape:ty, $label:ty) => {
        impl<$($size)+> Loss<Head<$activation, $shape>> for $name {
            type Label = $label;

            fn is_crossentropy(&self) -> bool {
                true
            }

            fn measure(
                &$self,
                batch: Batch<'_, Head<$activation, $shape>, $label>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                sparse(batch.by_steps(), batch.labels, $ignored, softmax::$activation, gradient)
            }
        }
    };
}
sparse! {
    SparseCategoricalCrossentropy, Softmax, |self| None;
    FromLogits<SparseCategoricalCrossentropy>, Linear, |self| None;
    IgnoreClass<SparseCategoricalCrossentropy>, Softmax, |self| Some(self.class);
    FromLogits<IgnoreClass<SparseCategoricalCrossentropy>>, Linear, |self| Some(self.0.class);
}

/// The mean crossentropy with class numbers as labels, without those of the class `ignored`.
fn sparse<A: HeadActivation, S: StaticShape, Y: Data>(
    batch: Batch<'_, Head<A, S>, Y>,
    labels: &[u32],
    ignored: Option<usize>,
    of: impl Fn(Scores<'_>) -> Logits<'_>,
    mut gradient: Option<&mut [f32]>,
) -> f64 {
    let mut valid = 0;
    let mean = batch.mean_by_logits(gradient.as_deref_mut(), |unit, scores, gradient| {
        let label = labels[unit] as usize;
        debug_assert!(label < scores.logits.len(), "class {label}");
        if Some(label) == ignored {
            gradient.into_iter().for_each(|slots| slots.fill(0.0));
            return 0.0;
        }
        valid += 1;
        of(scores).sparse(label, gradient)
    });
    match ignored {
        None => mean,
        Some(_) => {
            let counted = batch.counted();
            scaled(mean, gradient, counted / f64::from(valid.max(1)))
        }
    }
}

macro_rules! categorical {
    ($($name:ty, $activation:ident, |$self:ident| $smoothing:expr;)+) => {$(
        impl<S: StaticShape> Loss<Head<$activation, S>> for $name {
            type Label = S;

            fn measure(
                &$self,
                batch: Batch<'_, Head<$activation, S>, S>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                let smoothing = $smoothing;
                batch.mean_of_vectors(gradient, |scores, target, gradient| {
                    softmax::$activation(scores).dense(target, smoothing, gradient)
                })
            }
        }
    )+};
}
categorical! {
    CategoricalCrossentropy, Softmax, |self| 0.0;
    LabelSmoothing<CategoricalCrossentropy>, Softmax, |self| self.amount;
    FromLogits<CategoricalCrossentropy>, Linear, |self| 0.0;
    FromLogits<LabelSmoothing<CategoricalCrossentropy>>, Linear, |self| self.0.amount;
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;

    #[test]
    fn the_loss_of_even_chances_is_the_logarithm_of_their_number() {
        let (sparse, _) = measure::<Softmax, Rank1<17>, _, _>(
            &SparseCategoricalCrossentropy,
            &[3.5; 34],
            &[0, 16],
            None,
        );
        assert_close(sparse, 17f64.ln(), 1e-6);
        let labels = [0.0, 1.0, 0.0];
        let (dense, gradient) =
            measure::<Softmax, Rank1<3>, _, _>(&CategoricalCrossentropy, &[0.0; 3], &labels, None);
        assert_close(dense, 3f64.ln(), 1e-6);
        assert_close(f64::from(gradient[1]), -2.0 / 3.0, 1e-6);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let labels: &[u32] = &[4, 0, 2];
        let x = logits(15);
        check_gradient::<Softmax, Rank1<5>, _, _>(&SparseCategoricalCrossentropy, &x, labels);
        let loss = SparseCategoricalCrossentropy::from_logits();
        check_gradient::<Linear, Rank1<5>, _, _>(&loss, &x, labels);
        // A distribution, a one-hot label, and weights that do not sum to 1.
        let labels = [
            0.2, 0.3, 0.0, 0.1, 0.4, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.0, 1.0,
        ];
        check_gradient::<Softmax, Rank1<5>, _, _>(&CategoricalCrossentropy, &x, &labels);
        let loss = CategoricalCrossentropy.label_smoothing(0.3);
        check_gradient::<Softmax, Rank1<5>, _, _>(&loss, &x, &labels);
        let loss = CategoricalCrossentropy::from_logits().label_smoothing(0.3);
        check_gradient::<Linear, Rank1<5>, _, _>(&loss, &x, &labels);
    }

    #[test]
    fn logits_of_any_size_are_not_clipped() {
        let x = [200.0, 0.0, -30.0];
        let loss = SparseCategoricalCrossentropy;
        let (value, gradient) = measure::<Softmax, Rank1<3>, _, _>(&loss, &x, &[2], None);
        assert_close(value, 230.0, 1e-9);
        assert_eq!(gradient, [1.0, 0.0, -1.0]);
    }

    #[test]
    fn a_loss_near_zero_keeps_its_digits() {
        let loss = SparseCategoricalCrossentropy;
        let (value, _) = measure::<Softmax, Rank1<3>, _, _>(&loss, &[30.0, 0.0, 0.0], &[0], None);
        let expected = 2.0 * (-30f64).exp();
        assert_close(value, expected, 1e-5 * expected);
        let loss = SparseCategoricalCrossentropy::from_logits();
        let (value, _) = measure::<Linear, Rank1<3>, _, _>(&loss, &[30.0, 0.0, 0.0], &[0], None);
        assert_close(value, expected, 1e-9 * expected);
    }

    #[test]
    fn a_nan_stays_a_nan() {
        let loss = SparseCategoricalCrossentropy;
        let x = [0.0, f32::NAN, 1.0];
        let mut gradient = [0.0; 3];
        let batch = Batch::<Head<Softmax, Rank1<3>>, Class<3>>::new(&x, &[f32::NAN; 3], &[0], None);
        assert!(loss.measure(batch, Some(&mut gradient)).is_nan());
        assert!(gradient[0].is_nan());
    }

    #[test]
    fn smoothing_spreads_its_amount_over_all_classes() {
        let x = logits(4);
        let smoothed = CategoricalCrossentropy.label_smoothing(0.1);
        let hard = [0.0, 0.0, 1.0, 0.0];
        let soft = [0.025, 0.025, 0.925, 0.025];
        let (found, _) = measure::<Softmax, Rank1<4>, _, _>(&smoothed, &x, &hard, None);
        let plain = CategoricalCrossentropy;
        let (expected, _) = measure::<Softmax, Rank1<4>, _, _>(&plain, &x, &soft, None);
        assert_close(found, expected, 1e-6);
    }
}
