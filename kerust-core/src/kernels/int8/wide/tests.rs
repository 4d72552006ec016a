use super::{FORCED, Set};
use crate::kernels::int8::{
    Convolution, Dense, Depthwise, Filters, Multiplier, Output, Rows, conv_scratch_len,
    depthwise_scratch_len,
};
use crate::shape::{Padding, Window};

/// A stream of numbers with many extremes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn values(&mut self, len: usize) -> Vec<i8> {
        let kind = self.next() % 4;
        let value = |_| match (kind, self.next()) {
            (0, x) => [-128, 127][x as usize % 2],
            (1, _) => -128,
            (_, x) => x as i8,
        };
        (0..len).map(value).collect()
    }

    /// Multipliers of which some saturate the outputs, some shift to the left, and some make every output 0.
    fn numbers(&mut self, channels: usize) -> (Vec<i32>, Vec<Multiplier>) {
        let bias = (0..channels).map(|_| match self.next() % 8 {
            0 => i32::MIN,
            1 => i32::MAX,
            _ => self.next() as i32 % 20_000 - 10_000,
        });
        let bias = bias.collect();
        let multipliers = (0..channels).map(|_| Multiplier {
            mantissa: match self.next() % 8 {
                0 => 0,
                1 => i32::MAX,
                2 => 1 << 30,
                _ => (1 << 30) + (self.next() as i32 & ((1 << 30) - 1)),
            },
            shift: match self.next() % 6 {
                0 => self.next() as i32 % 32,
                1 => -(self.next() as i32 % 32),
                _ => -4 - self.next() as i32 % 9,
            },
        });
        (bias, multipliers.collect())
    }

    fn output(&mut self) -> Output {
        let [a, b] = [self.next() as i8, self.next() as i8];
        let all = self.next().is_multiple_of(2);
        Output {
            zero_point: [-128, 127, self.next() as i8][self.next() as usize % 3],
            min: if all { -128 } else { a.min(b) },
            max: if all { 127 } else { a.max(b) },
        }
    }
}

/// The sets of this machine. On one with AVX-512 all of x86-64 are tested, except AVX-VNNI, which some lack.
fn sets() -> impl Iterator<Item = Set> {
    Set::ALL.iter().copied().filter(|set| set.is_supported())
}

/// Calls `work` with the portable kernels, then with those of each set, and compares.
fn compare(case: &str, mut work: impl FnMut() -> Vec<i8>) {
    FORCED.set(Some(None));
    let expected = work();
    for set in sets() {
        FORCED.set(Some(Some(set)));
        let found = work();
        let place = found.iter().zip(&expected).position(|(a, b)| a != b);
        assert!(
            found.len() == expected.len() && place.is_none(),
            "{set:?}, {case}: output {place:?} is {:?}, expected {:?}",
            place.map(|place| found[place]),
            place.map(|place| expected[place]),
        );
    }
    FORCED.set(None);
}

const fn window(
    size: [usize; 2],
    strides: [usize; 2],
    padding: Padding,
    dilation: [usize; 2],
) -> Window {
    Window {
        size,
        strides,
        padding,
        dilation,
    }
}

const WINDOWS: [Window; 9] = [
    window([1, 1], [1, 1], Padding::Valid, [1, 1]),
    window([1, 1], [2, 2], Padding::Same, [1, 1]),
    window([3, 3], [1, 1], Padding::Same, [1, 1]),
    window([3, 3], [2, 2], Padding::Same, [1, 1]),
    window([2, 5], [1, 2], Padding::Same, [1, 1]),
    window([3, 2], [1, 1], Padding::Same, [2, 3]),
    window([2, 3], [2, 1], Padding::Valid, [1, 1]),
    window([1, 4], [1, 1], Padding::Causal, [1, 2]),
    window([10, 4], [2, 2], Padding::Same, [1, 1]),
];

fn fits(window: Window, [height, width, _]: [usize; 3]) -> bool {
    let [rows, columns] = window.span();
    window.padding != Padding::Valid || rows <= height && columns <= width
}

const INPUTS: [[usize; 3]; 6] = [
    [1, 1, 1],
    [3, 3, 3],
    [5, 4, 17],
    [4, 7, 8],
    [1, 9, 16],
    [7, 6, 66],
];

#[test]
fn convolutions_give_the_bytes_of_the_portable_kernels() {
    let mut random = Random(1);
    for input in INPUTS {
        for filters in [1, 3, 17, 66, 80] {
            for window in WINDOWS.into_iter().filter(|window| fits(*window, input)) {
                let all = input[2];
                let groups = [1, 2, all].into_iter().filter(|groups| {
                    all.is_multiple_of(*groups) && filters % groups == 0 && (*groups > 1 || all > 0)
                });
                for groups in groups {
                    let convolution = Convolution {
                        input,
                        filters,
                        window,
                        groups,
                        zero_point: [-128, 127, 3][random.next() as usize % 3],
                        output: random.output(),
                    };
                    check_convolution(&convolution, &mut random);
                }
            }
        }
    }
}

fn check_convolution(convolution: &Convolution, random: &mut Random) {
    let [height, width, channels] = convolution.input;
    let [rows, columns] = convolution.window.output(height, width);
    let taps = convolution.window.size.iter().product::<usize>() * channels / convolution.groups;
    let weights = random.values(convolution.filters * taps);
    let (bias, multipliers) = random.numbers(convolution.filters);
    let filters = Filters {
        weights: &weights,
        bias: &bias,
        multipliers: &multipliers,
    };
    let x = random.values(2 * height * width * channels);
    let mut scratch = vec![0; conv_scratch_len(taps) + height * width * channels];
    let row = columns * convolution.filters;
    compare(&format!("{convolution:?}"), || {
        let mut y = vec![0; 2 * rows * row];
        convolution.forward(&x, filters, &mut y, &mut scratch);
        y
    });
    compare(&format!("the last rows of {convolution:?}"), || {
        let first = rows / 2;
        let mut y = vec![0; (rows - first) * row];
        let x = Rows::new(&x[..height * width * channels], width * channels);
        convolution.rows(x, first, filters, &mut y, &mut scratch);
        y
    });
    let is_kept = convolution.window.rows_kept(height, width).is_some();
    if convolution.filters == channels && is_kept {
        compare(&format!("in place, {convolution:?}"), || {
            let mut y = x.clone();
            convolution.forward_in_place(&mut y, filters, &mut scratch);
            y
        });
    }
}

#[test]
fn depthwise_convolutions_give_the_bytes_of_the_portable_kernels() {
    let mut random = Random(2);
    for input in INPUTS {
        for window in WINDOWS.into_iter().filter(|window| fits(*window, input)) {
            for multiplier in [1, 2] {
                let depthwise = Depthwise {
                    input,
                    multiplier,
                    window,
                    zero_point: [-128, 127, 3][random.next() as usize % 3],
                    output: random.output(),
                };
                check_depthwise(&depthwise, &mut random);
            }
        }
    }
}

fn check_depthwise(depthwise: &Depthwise, random: &mut Random) {
    let [height, width, channels] = depthwise.input;
    let [rows, columns] = depthwise.window.output(height, width);
    let taps = depthwise.window.size.iter().product::<usize>();
    let outputs = channels * depthwise.multiplier;
    let weights = random.values(outputs * taps);
    let (bias, multipliers) = random.numbers(outputs);
    let filters = Filters {
        weights: &weights,
        bias: &bias,
        multipliers: &multipliers,
    };
    let x = random.values(2 * height * width * channels);
    let words = depthwise_scratch_len(taps, channels) + height * width * channels;
    let mut scratch = vec![0; words];
    compare(&format!("{depthwise:?}"), || {
        let mut y = vec![0; 2 * rows * columns * outputs];
        depthwise.forward(&x, filters, &mut y, &mut scratch);
        y
    });
    compare(&format!("the last rows of {depthwise:?}"), || {
        let first = rows / 2;
        let mut y = vec![0; (rows - first) * columns * outputs];
        let x = Rows::new(&x[..height * width * channels], width * channels);
        depthwise.rows(x, first, filters, &mut y, &mut scratch);
        y
    });
    let is_kept = depthwise.window.rows_kept(height, width).is_some();
    if depthwise.multiplier == 1 && is_kept {
        compare(&format!("in place, {depthwise:?}"), || {
            let mut y = x.clone();
            depthwise.forward_in_place(&mut y, filters, &mut scratch);
            y
        });
    }
}

#[test]
fn dense_layers_give_the_bytes_of_the_portable_kernels() {
    let mut random = Random(3);
    for inputs in [1, 3, 16, 17, 64, 130, 640] {
        for outputs in [1, 3, 4, 16, 17, 40] {
            for rows in [1, 3] {
                let dense = Dense {
                    inputs,
                    outputs,
                    output: random.output(),
                };
                let weights = random.values(inputs * outputs);
                let (bias, multipliers) = random.numbers(outputs);
                let filters = Filters {
                    weights: &weights,
                    bias: &bias,
                    multipliers: &multipliers,
                };
                let x = random.values(rows * inputs);
                compare(&format!("{rows} rows, {dense:?}"), || {
                    let mut y = vec![0; rows * outputs];
                    dense.forward(&x, filters, &mut y);
                    y
                });
            }
        }
    }
}
