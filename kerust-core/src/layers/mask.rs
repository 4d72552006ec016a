//! Masks of values that come from several masks.

use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};

macro_rules! joined {
    ($(#[$doc:meta])* $name:ident, $start:literal, $join:tt) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<const N: usize>;

        impl<const N: usize> Forward<(), [u8; N], u8> for $name<N> {
            fn forward(&self, (): &(), x: [&[u8]; N], y: &mut [u8], (): ()) {
                y.fill($start);
                for x in x {
                    y.iter_mut().zip(x).for_each(|(y, x)| *y $join u8::from(*x != 0));
                }
            }
        }

        impl<const N: usize> Operation<(), [u8; N], u8> for $name<N> {
            fn backward(&self, (): &(), _: Pass<'_, [u8; N], u8>, _: Gradient<'_>) {}
        }
    };
}
joined! {
    /// The steps that count in any of `N` masks.
    MaskAny, 0, |=
}
joined! {
    /// The steps that count in all of `N` masks.
    MaskAll, 1, &=
}

/// The masks of a merge's inputs, and the values of one step of each.
pub(super) struct MaskedSteps<'a, const N: usize> {
    x: [&'a [f32]; N],
    masks: [&'a [u8]; N],
    /// The number of values in a step.
    width: usize,
}

impl<'a, const N: usize> MaskedSteps<'a, N> {
    pub(super) fn new(x: [&'a [f32]; N], masks: [&'a [u8]; N]) -> Self {
        let [values, steps] = [
            x.first().map(|x| x.len()),
            masks.first().map(|mask| mask.len()),
        ]
        .map(Option::unwrap_or_default);
        Self {
            x,
            masks,
            width: values.checked_div(steps).unwrap_or_default().max(1),
        }
    }

    /// The number of values in a step.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Whether a step of an input counts.
    pub(super) fn counts(&self, input: usize, step: usize) -> bool {
        let mask = self.masks.get(input).copied().unwrap_or_default();
        mask.get(step).is_some_and(|step| *step != 0)
    }

    /// Whether a step counts in any input.
    pub(super) fn counts_in_any(&self, step: usize) -> bool {
        (0..N).any(|input| self.counts(input, step))
    }

    /// The values of a step of an input.
    pub(super) fn step(&self, input: usize, step: usize) -> &'a [f32] {
        let x = self.x.get(input).copied().unwrap_or_default();
        let start = step * self.width;
        x.get(start..start + self.width).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_joined() {
        let masks: [&[u8]; 3] = [&[0, 1, 0, 1], &[0, 0, 2, 1], &[0, 0, 0, 1]];
        let mut y = [9; 4];
        MaskAny.forward(&(), masks, &mut y, ());
        assert_eq!(y, [0, 1, 1, 1]);
        MaskAll.forward(&(), masks, &mut y, ());
        assert_eq!(y, [0, 0, 0, 1]);
    }
}
