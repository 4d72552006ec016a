use super::{Convolution, direct};
use crate::activation::Activation;
use crate::kernels::matmul::tests::{all_epilogues, pass};
use crate::kernels::{Epilogue, activation_gradient};
use crate::layer::Pass;
use crate::rng::Seed;
use crate::shape::{Padding, Window};
use rand::RngExt;

const BATCH: usize = 3;

fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut rng = Seed(seed).rng();
    (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// Calls `tap(output, input, weight)` for every product of a convolution, with six loops and one over the
/// batch.
fn each_product(c: &Convolution, mut tap: impl FnMut(usize, usize, usize)) {
    let [h, w, channels] = c.input;
    let [oh, ow] = c.output();
    let [top, left] = c.window.padding_before(h, w);
    let (group_in, group_out) = (channels / c.groups, c.filters / c.groups);
    for n in 0..BATCH {
        for (i, j) in (0..oh).flat_map(|i| (0..ow).map(move |j| (i, j))) {
            for o in 0..c.filters {
                for (u, v) in
                    (0..c.window.size[0]).flat_map(|u| (0..c.window.size[1]).map(move |v| (u, v)))
                {
                    let row = i * c.window.strides[0] + u * c.window.dilation[0];
                    let column = j * c.window.strides[1] + v * c.window.dilation[1];
                    if row < top || column < left || row - top >= h || column - left >= w {
                        continue;
                    }
                    for ci in 0..group_in {
                        let channel = o / group_out * group_in + ci;
                        tap(
                            ((n * oh + i) * ow + j) * c.filters + o,
                            ((n * h + row - top) * w + column - left) * channels + channel,
                            ((u * c.window.size[1] + v) * group_in + ci) * c.filters + o,
                        );
                    }
                }
            }
        }
    }
}

#[track_caller]
fn assert_close(what: &str, c: &Convolution, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(*found) - expected).abs() < 1e-4,
            "{what} at {place}: {found}, expected {expected}; {c:?}"
        );
    }
}

fn check(c: &Convolution) {
    let x = random(BATCH * c.input_len(), 1);
    let kernel = random(c.taps() * c.filters, 2);
    let bias = random(c.filters, 3);
    let dy = random(BATCH * c.output_len(), 4);
    let before = random(kernel.len(), 5);
    let bias_before = random(bias.len(), 6);

    let mut y: Vec<f64> = (0..dy.len()).map(|i| bias[i % c.filters].into()).collect();
    let mut dx = vec![0.0f64; x.len()];
    let mut dkernel: Vec<f64> = before.iter().map(|w| f64::from(*w)).collect();
    let mut dbias: Vec<f64> = bias_before.iter().map(|w| f64::from(*w)).collect();
    each_product(c, |o, i, w| {
        y[o] += f64::from(x[i]) * f64::from(kernel[w]);
        dx[i] += f64::from(dy[o]) * f64::from(kernel[w]);
        dkernel[w] += f64::from(x[i]) * f64::from(dy[o]);
    });
    for (o, dy) in dy.iter().enumerate() {
        dbias[o % c.filters] += f64::from(*dy);
    }

    let mut found = vec![f32::NAN; y.len()];
    c.forward(&x, &kernel, &bias, &mut found, Epilogue::NONE);
    assert_close("y", c, &found, &y);
    direct::forward(c, &x, &kernel, &bias, &mut found, Epilogue::NONE);
    assert_close("y by loops", c, &found, &y);
    let [height, width, _] = c.input;
    if c.window.rows_kept(height, width).is_some() && c.filters == c.input[2] {
        let mut scratch = vec![f32::NAN; c.kept_len()];
        let mut found = x.clone();
        c.forward_in_place(&kernel, &bias, &mut found, &mut scratch, Epilogue::NONE);
        assert_close("y in place", c, &found, &y);
        let (mut in_place, mut apart) = (x.clone(), y.iter().map(|_| f32::NAN).collect::<Vec<_>>());
        direct::forward(c, &x, &kernel, &bias, &mut apart, Epilogue::NONE);
        direct::forward_in_place(
            c,
            &kernel,
            &bias,
            &mut in_place,
            &mut scratch,
            Epilogue::NONE,
        );
        assert_eq!(in_place, apart, "{c:?}");
    }

    let mut found = vec![f32::NAN; dx.len()];
    c.input_gradient(&dy, &kernel, &mut found);
    assert_close("dx", c, &found, &dx);
    direct::input_gradient(c, &dy, &kernel, &mut found);
    assert_close("dx by loops", c, &found, &dx);

    let (mut found, mut found_bias) = (before.clone(), bias_before);
    c.weight_gradient(&x, &dy, &mut found, &mut found_bias, true);
    assert_close("dkernel", c, &found, &dkernel);
    assert_close("dbias", c, &found_bias, &dbias);
    let mut found = before;
    direct::add_weight_gradient(c, &x, &dy, &mut found);
    assert_close("dkernel by loops", c, &found, &dkernel);
    check_backward(c, &x, &kernel, &dy);
    check_tails(c, &x, &kernel, &bias);
}

/// Checks that an epilogue gives exactly the results of separate passes over the output: by windows, by
/// loops, and in place.
fn check_tails(c: &Convolution, x: &[f32], kernel: &[f32], bias: &[f32]) {
    type Forward<'a> = &'a dyn Fn(&mut [f32], Epilogue<'_>);
    let before = random(BATCH * c.output_len(), 8);
    let [factor, shift] = [9, 10].map(|seed| random(c.filters, seed));
    let [height, width, _] = c.input;
    let in_place = c.window.rows_kept(height, width).is_some() && c.filters == c.input[2];
    let scratch = || vec![f32::NAN; c.kept_len()];
    let ways: [(&[f32], Forward<'_>); 4] = [
        (&before, &|y, epilogue| {
            c.forward(x, kernel, bias, y, epilogue)
        }),
        (&before, &|y, epilogue| {
            direct::forward(c, x, kernel, bias, y, epilogue)
        }),
        (x, &|y, epilogue| {
            c.forward_in_place(kernel, bias, y, &mut scratch(), epilogue)
        }),
        (x, &|y, epilogue| {
            direct::forward_in_place(c, kernel, bias, y, &mut scratch(), epilogue)
        }),
    ];
    for (place, (before, forward)) in ways.into_iter().enumerate() {
        let takes_place = place >= 2;
        if takes_place && !in_place {
            continue;
        }
        let mut sums = before.to_vec();
        forward(&mut sums, Epilogue::NONE);
        for epilogue in all_epilogues([&factor, &shift]) {
            if takes_place && epilogue.adds {
                continue;
            }
            let mut found = before.to_vec();
            forward(&mut found, epilogue);
            let passes = sums.iter().zip(before).enumerate();
            let passes = passes.map(|(i, (sum, y))| pass(&epilogue, i % c.filters, *sum, *y));
            let expected: Vec<f32> = passes.collect();
            assert_eq!(found, expected, "way {place}, {epilogue:?}, {c:?}");
        }
    }
}

/// Checks that a backward pass image by image gives exactly the results of the separate steps for the whole
/// batch.
fn check_backward(c: &Convolution, x: &[f32], kernel: &[f32], dy: &[f32]) {
    let y = random(dy.len(), 7);
    let mut plain = dy.to_vec();
    activation_gradient(Activation::Relu, &y, &mut plain, c.filters);
    let [mut dkernel, mut dbias, mut dx] =
        [kernel.len(), c.filters, x.len()].map(|len| vec![f32::NAN; len]);
    c.weight_gradient(x, &plain, &mut dkernel, &mut dbias, false);
    c.input_gradient(&plain, kernel, &mut dx);
    let [mut found_kernel, mut found_bias, mut found_dx] =
        [kernel.len(), c.filters, x.len()].map(|len| vec![f32::NAN; len]);
    let pass = Pass {
        x,
        y: &y[..],
        saved: (),
        dy: &mut dy.to_vec()[..],
        dx: Some(&mut found_dx[..]),
        accumulate: false,
    };
    let weights: [&mut [f32]; 2] = [&mut found_kernel, &mut found_bias];
    c.backward(pass, kernel, Activation::Relu, Some(weights));
    assert_eq!(found_kernel, dkernel, "{c:?}");
    assert_eq!(found_bias, dbias, "{c:?}");
    assert_eq!(found_dx, dx, "{c:?}");
}

#[test]
fn rows_as_wide_as_tiles_are_high_equal_the_six_loops() {
    for (input, filters) in [([3, 32, 5], 13), ([2, 48, 16], 16), ([5, 16, 3], 9)] {
        check(&Convolution {
            input,
            filters,
            window: Window {
                size: [3, 3],
                strides: [1, 1],
                padding: Padding::Same,
                dilation: [1, 1],
            },
            groups: 1,
        });
    }
}

#[test]
fn every_way_to_slide_a_window_equals_the_six_loops() {
    let mut checked = 0;
    for (input, filters, groups) in [
        ([7, 6, 1], 3, 1),
        ([5, 8, 3], 2, 1),
        ([6, 7, 4], 6, 2),
        ([4, 5, 3], 3, 3),
        ([5, 6, 4], 4, 2),
    ] {
        for size in [[1, 1], [3, 3], [2, 2], [1, 3], [4, 2]] {
            for strides in [[1, 1], [2, 2], [1, 3], [5, 4]] {
                for dilation in [[1, 1], [2, 1], [1, 2]] {
                    for padding in [Padding::Valid, Padding::Same] {
                        let window = Window {
                            size,
                            strides,
                            padding,
                            dilation,
                        };
                        let span = window.span();
                        if padding == Padding::Valid && (span[0] > input[0] || span[1] > input[1]) {
                            continue;
                        }
                        checked += 1;
                        check(&Convolution {
                            input,
                            filters,
                            window,
                            groups,
                        });
                    }
                }
            }
        }
    }
    assert!(checked > 400, "{checked}");
}

#[test]
fn threads_do_not_change_a_bit() {
    let convolution = Convolution {
        input: [19, 17, 3],
        filters: 33,
        window: Window {
            size: [3, 3],
            strides: [1, 1],
            padding: Padding::Same,
            dilation: [1, 1],
        },
        groups: 1,
    };
    let batch = 21;
    let x = random(batch * convolution.input_len(), 1);
    let kernel = random(convolution.taps() * 33, 2);
    let dy = random(batch * convolution.output_len(), 4);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let mut y = vec![0.0; dy.len()];
            let (mut dx, mut dkernel) = (vec![0.0; x.len()], vec![0.0; kernel.len()]);
            let mut dbias = vec![0.0; 33];
            convolution.forward(&x, &kernel, &[], &mut y, Epilogue::NONE);
            convolution.weight_gradient(&x, &dy, &mut dkernel, &mut dbias, false);
            convolution.input_gradient(&dy, &kernel, &mut dx);
            [y, dx, dkernel, dbias].map(|values| values.iter().map(|x| x.to_bits()).collect())
        })
    };
    let one: [Vec<u32>; 4] = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}
