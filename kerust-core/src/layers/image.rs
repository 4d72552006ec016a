//! Images read between their pixels.

/// How a value between pixels is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Interpolation {
    /// The four pixels around, by their nearness on both axes.
    #[default]
    Bilinear,
    /// The nearest pixel.
    Nearest,
}

/// The two pixels around a place on one axis.
#[derive(Clone, Copy)]
pub(super) struct Neighbours {
    /// Both lie inside of the image, if need be with weight 0.
    pixels: [usize; 2],
    weights: [f32; 2],
    /// The weight that fell outside of the image.
    outside: f32,
}

impl Neighbours {
    /// Pixel `lower` and the next, of a line of `size`, as near to `at` as the interpolation says.
    /// What lies outside of the line reads as the fill value.
    #[inline]
    pub(super) fn around(at: f32, size: usize, interpolation: Interpolation) -> Self {
        let (lower, weight) = match interpolation {
            Interpolation::Bilinear => (floor(at), at - floor(at) as f32),
            Interpolation::Nearest => (round(at), 0.0),
        };
        let (last, upper) = (size as i32 - 1, lower.saturating_add(1));
        let mut neighbours = Self {
            pixels: [lower, upper].map(|pixel| pixel.min(last).max(0) as usize),
            weights: [1.0 - weight, weight],
            outside: 0.0,
        };
        if lower < 0 || upper > last {
            neighbours.cut(lower, upper, last);
        }
        neighbours
    }

    /// Takes the weight from pixels outside of `0..=last`.
    fn cut(&mut self, lower: i32, upper: i32, last: i32) {
        for (pixel, weight) in [lower, upper].into_iter().zip(&mut self.weights) {
            if !(0..=last).contains(&pixel) {
                self.outside += *weight;
                *weight = 0.0;
            }
        }
    }

    /// As [`around_clamped`](Self::around_clamped), in the part of a line that begins at `first` and has `size` pixels.
    pub(super) fn within(at: f32, first: usize, size: usize, interpolation: Interpolation) -> Self {
        let neighbours = Self::around_clamped(at, size, interpolation);
        Self {
            pixels: neighbours.pixels.map(|pixel| pixel + first),
            ..neighbours
        }
    }

    /// As [`around`](Self::around), but what lies outside reads as the pixel at the end.
    pub(super) fn around_clamped(at: f32, size: usize, interpolation: Interpolation) -> Self {
        Self::around(at.min(size as f32 - 1.0).max(0.0), size, interpolation)
    }
}

/// The integer at or below `at`; `libm`'s costs more than the rest of a bilinear weight.
fn floor(at: f32) -> i32 {
    let towards_0 = at as i32;
    towards_0.saturating_sub(i32::from(towards_0 as f32 > at))
}

/// The nearest integer, halves away from 0.
fn round(at: f32) -> i32 {
    let towards_0 = at as i32;
    let rest = at - towards_0 as f32;
    towards_0.saturating_add(i32::from(rest >= 0.5) - i32::from(rest <= -0.5))
}

/// A linear map from images of the sizes `[height, width, channels]` to images of `[rows, columns]`
/// and as many channels: each pixel of the output is a mean of pixels around a place in the input.
pub(super) struct Resample<P> {
    pub(super) input: [usize; 3],
    pub(super) output: [usize; 2],
    /// What a pixel outside of the input reads as.
    pub(super) fill_value: f32,
    /// The neighbours, by row and column of the input, of a row and column of the output.
    pub(super) neighbours: P,
}

impl<P: Fn(usize, usize) -> [Neighbours; 2]> Resample<P> {
    /// One image: `y = A·x`, where pixels outside of `x` are `fill_value`.
    pub(super) fn forward<X: Copy + Into<f32>>(&self, x: &[X], y: &mut [f32]) {
        let (columns, channels) = (self.output[1], self.input[2].max(1));
        for (row, y) in y.chunks_exact_mut((columns * channels).max(1)).enumerate() {
            for (column, y) in y.chunks_exact_mut(channels).enumerate() {
                let (pixels, weights, outside) = self.pixels(row, column);
                for (channel, y) in y.iter_mut().enumerate() {
                    *y = pixels
                        .iter()
                        .zip(weights)
                        .fold(0.0, |sum, (pixel, weight)| {
                            let x = x.get(pixel + channel).map_or(0.0, |x| (*x).into());
                            sum + weight * x
                        });
                    if outside != 0.0 {
                        *y += outside * self.fill_value;
                    }
                }
            }
        }
    }

    /// One image: `dx = Aᵀ·dy`.
    pub(super) fn backward(&self, dy: &[f32], dx: &mut [f32]) {
        dx.fill(0.0);
        let (columns, channels) = (self.output[1], self.input[2]);
        for (row, dy) in dy.chunks_exact(columns * channels).enumerate() {
            for (column, dy) in dy.chunks_exact(channels).enumerate() {
                let (pixels, weights, _) = self.pixels(row, column);
                for (channel, dy) in dy.iter().enumerate() {
                    for (pixel, weight) in pixels.iter().zip(weights) {
                        if let Some(dx) = dx.get_mut(pixel + channel) {
                            *dx += weight * dy;
                        }
                    }
                }
            }
        }
    }

    /// Where the four pixels of the input around a place of the output begin, their weights, and
    /// the weight outside.
    #[inline(always)]
    fn pixels(&self, row: usize, column: usize) -> ([usize; 4], [f32; 4], f32) {
        let [_, width, channels] = self.input;
        let [y, x] = (self.neighbours)(row, column);
        let ([top, bottom], [left, right]) = (y.pixels.map(|row| row * width), x.pixels);
        (
            [top + left, top + right, bottom + left, bottom + right].map(|pixel| pixel * channels),
            [
                y.weights[0] * x.weights[0],
                y.weights[0] * x.weights[1],
                y.weights[1] * x.weights[0],
                y.weights[1] * x.weights[1],
            ],
            y.outside + (1.0 - y.outside) * x.outside,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_found_on_both_sides_of_0() {
        let places = [-1.5, -1.2, -1.0, -0.5, -0.2, 0.0, 0.5, 0.7, 1.0, 1.5, 2.5];
        for at in places {
            assert_eq!(floor(at) as f32, at.floor(), "{at}");
            assert_eq!(round(at) as f32, at.round(), "{at}");
        }
        // 0.5 added to it would be 1.
        assert_eq!(round(0.499_999_97), 0);
        assert_eq!([floor(f32::NAN), round(f32::INFINITY)], [0, i32::MAX]);
    }

    #[test]
    fn weights_sum_to_1_with_what_lies_outside() {
        for at in [-7.0, -0.75, 0.0, 0.25, 1.0, 2.0, 2.5, 9.0] {
            for interpolation in [Interpolation::Bilinear, Interpolation::Nearest] {
                let neighbours = Neighbours::around(at, 3, interpolation);
                let inside: f32 = neighbours.weights.iter().sum();
                assert_eq!(inside + neighbours.outside, 1.0, "{at}");
            }
        }
    }
}
