//! The numbers of a layer with weights.

use super::Multiplier;

/// Weights, bias and factors of a layer.
///
/// The sum that a layer is after, `bias + Σ (x − zero_point) · w`, is computed as `folded + Σ x · w`:
/// [`fold_zero_point`] takes `zero_point · Σ w` from the bias once, beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Filters<'a> {
    /// The weights; the layer says in which order.
    pub weights: &'a [i8],
    /// A bias for each output channel, with the input's zero point folded into it.
    pub bias: &'a [i32],
    /// A factor for the sums of each output channel.
    pub multipliers: &'a [Multiplier],
}

impl Filters<'_> {
    /// The numbers of the channels from `first` to `end`, if these are those of channels of so many weights each that
    /// lie side by side.
    #[inline(always)]
    pub(super) fn part(&self, first: usize, end: usize, weights: usize) -> Self {
        Self {
            weights: self
                .weights
                .get(first * weights..end * weights)
                .unwrap_or_default(),
            bias: self.bias.get(first..end).unwrap_or_default(),
            multipliers: self.multipliers.get(first..end).unwrap_or_default(),
        }
    }

    /// Whether these are the numbers of so many output channels of so many weights each.
    pub(super) fn fit(&self, channels: usize, weights: usize) -> bool {
        self.weights.len() == channels * weights
            && self.bias.len() == channels
            && self.multipliers.len() == channels
    }
}

/// Folds the input's zero point into the bias of a layer whose weights of one output channel lie side
/// by side: a convolution's, a dense layer's.
pub const fn fold_zero_point(bias: &mut [i32], weights: &[i8], zero_point: i8) {
    let Some(taps) = weights.len().checked_div(bias.len()) else {
        return;
    };
    let (mut bias, mut weights) = (bias, weights);
    while let Some((first, rest)) = bias.split_first_mut()
        && let Some((mut filter, others)) = weights.split_at_checked(taps)
    {
        while let Some((weight, rest)) = filter.split_first() {
            fold(first, *weight, zero_point);
            filter = rest;
        }
        (bias, weights) = (rest, others);
    }
}

/// Folds the input's zero point into the bias of a depthwise convolution, whose weights of one tap lie
/// side by side.
pub const fn fold_depthwise_zero_point(bias: &mut [i32], weights: &[i8], zero_point: i8) {
    let mut weights = weights;
    while !weights.is_empty() && !bias.is_empty() {
        let mut channels = &mut *bias;
        while let Some((first, rest)) = channels.split_first_mut()
            && let Some((weight, others)) = weights.split_first()
        {
            fold(first, *weight, zero_point);
            (channels, weights) = (rest, others);
        }
    }
}

const fn fold(bias: &mut i32, weight: i8, zero_point: i8) {
    *bias = bias.wrapping_sub(weight as i32 * zero_point as i32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zero_point_is_folded_channel_by_channel() {
        let weights = [1, 2, 3, -4, 5, 6];
        let mut bias = [100, 200];
        fold_zero_point(&mut bias, &weights, -10);
        assert_eq!(bias, [160, 270]);
        let mut bias = [100, 200];
        fold_depthwise_zero_point(&mut bias, &weights, -10);
        assert_eq!(bias, [190, 240]);
        const FOLDED: [i32; 1] = {
            let mut bias = [i32::MIN];
            fold_zero_point(&mut bias, &[1, 1], 1);
            bias
        };
        assert_eq!(FOLDED, [i32::MAX - 1]);
        fold_zero_point(&mut [], &weights, 1);
        fold_depthwise_zero_point(&mut [], &weights, 1);
    }
}
