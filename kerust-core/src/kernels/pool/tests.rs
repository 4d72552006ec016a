use super::work::{Forward, Gradient};
use super::*;
use crate::kernels::Isa;
use crate::rng::Seed;
use crate::shape::Padding;
use rand::RngExt;

/// Random values from a small set, so that many are equal, including both zeros.
fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut rng = Seed(seed).rng();
    let mut value = || rng.random_range(-2..=2) as f32;
    let values = (0..len).map(|i| if i % 9 == 0 { -0.0 } else { value() });
    values.collect()
}

/// The taps of each output that are inside of the image, row by row.
fn all_taps(pooling: &Pooling) -> Vec<Vec<usize>> {
    let [height, width, channels] = pooling.input;
    let Window { size, strides, .. } = pooling.window;
    let [rows, columns] = pooling.window.output(height, width);
    let [top, left] = pooling.window.padding_before(height, width);
    let mut all = Vec::new();
    for output in 0..rows * columns * channels {
        let (pixel, channel) = (output / channels, output % channels);
        let mut taps = Vec::new();
        for (u, v) in (0..size[0]).flat_map(|u| (0..size[1]).map(move |v| (u, v))) {
            let i = (pixel / columns * strides[0] + u).checked_sub(top);
            let j = (pixel % columns * strides[1] + v).checked_sub(left);
            if let (Some(i), Some(j)) = (i, j)
                && i < height
                && j < width
            {
                taps.push((i * width + j) * channels + channel);
            }
        }
        all.push(taps);
    }
    all
}

#[track_caller]
fn assert_bits(found: &[f32], expected: &[f32], what: &str) {
    let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|x| x.to_bits()).collect() };
    assert_eq!(bits(found), bits(expected), "{what}");
}

fn check(pooling: &Pooling) {
    let taps = all_taps(pooling);
    let (x, dy) = (random(pooling.input_len(), 1), random(taps.len(), 2));
    let (mut peaks, mut averages) = (vec![0.0; taps.len()], vec![0.0; taps.len()]);
    let (mut of_peaks, mut of_averages) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    for (output, taps) in taps.iter().enumerate() {
        let mut first = taps[0];
        let mut sum = 0.0;
        for &tap in taps {
            sum += x[tap];
            first = if x[tap] > x[first] { tap } else { first };
        }
        let count = taps.len() as f32;
        (peaks[output], averages[output]) = (x[first], sum / count);
        of_peaks[first] += dy[output];
        taps.iter()
            .for_each(|tap| of_averages[*tap] += dy[output] / count);
    }
    for isa in Isa::supported() {
        let what = format!("{isa:?}, {pooling:?}");
        let (x, dy) = (&x[..], &dy[..]);
        let [mut y, mut dx] = [vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]];
        // SAFETY: the machine has all supported sets.
        unsafe {
            let y = &mut y[..];
            simd::run_with(isa, Forward::<false> { pooling, x, y });
            assert_bits(y, &peaks, &what);
            simd::run_with(isa, Forward::<true> { pooling, x, y });
            assert_bits(y, &averages, &what);
            let dx = &mut dx[..];
            simd::run_with(isa, Gradient::<false> { pooling, x, dy, dx });
            assert_bits(dx, &of_peaks, &what);
            simd::run_with(isa, Gradient::<true> { pooling, x, dy, dx });
            assert_bits(dx, &of_averages, &what);
        }
    }
}

#[test]
fn every_way_to_slide_a_window_equals_the_plain_loops() {
    for channels in (1..=20).chain([33, 48]) {
        for size in [[2, 2], [3, 2], [1, 1], [2, 5]] {
            for strides in [size, [1, 1], [2, 1], [3, 4]] {
                for padding in [Padding::Valid, Padding::Same] {
                    check(&Pooling {
                        input: [7, 6, channels],
                        window: Window {
                            size,
                            strides,
                            padding,
                            dilation: [1, 1],
                        },
                    });
                }
            }
        }
    }
}

#[test]
fn a_number_that_is_none_is_no_maximum() {
    let pooling = Pooling {
        input: [2, 4, 1],
        window: Window {
            size: [2, 2],
            strides: [2, 2],
            padding: Padding::Valid,
            dilation: [1, 1],
        },
    };
    let nan = f32::NAN;
    let mut y = [0.0; 2];
    pooling.maximum(&[nan, -3.0, nan, nan, -4.0, nan, nan, nan], &mut y);
    assert_eq!(y, [-3.0, f32::NEG_INFINITY]);
}
