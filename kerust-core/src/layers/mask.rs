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
