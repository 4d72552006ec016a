use super::*;
use crate::rng::Seed;
use rand::RngExt;

fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut rng = Seed(seed).rng();
    (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// The value of a view at (i, j), computed by division.
fn at(matrix: &Matrix<'_>, i: usize, j: usize) -> f64 {
    let offset = |axis: &Axis, index: usize| {
        let [_, n1, n2] = axis.sizes;
        let [s0, s1, s2] = axis.strides;
        index / n2 / n1 * s0 + index / n2 % n1 * s1 + index % n2 * s2
    };
    f64::from(matrix.values[offset(&matrix.rows, i) + offset(&matrix.columns, j)])
}

/// Compares a product with sums in `f64`, on every instruction set and with 1 and 3 pieces.
fn check(a: Matrix<'_>, b: Matrix<'_>) {
    let (m, k, n) = (a.rows.len(), a.columns.len(), b.columns.len());
    let stride = n + 2;
    let before = random(m * stride, 3);
    let bias = random(n, 4);
    for start in [Start::Zero, Start::Bias(&bias), Start::Sum] {
        for isa in Isa::supported() {
            // Passing a tiny product to threads takes longer than all other cases together.
            let most = if m * n < 40 { 1 } else { 3 };
            for (threads, relu) in [(1, false), (most, true)] {
                let mut c = before.clone();
                let epilogue = Epilogue::new(if relu {
                    Activation::Relu
                } else {
                    Activation::Linear
                });
                let product = Product {
                    a,
                    b,
                    start,
                    epilogue,
                };
                product.run_with(isa, threads, &mut c, stride);
                for i in 0..m {
                    for j in 0..n {
                        let first = match start {
                            Start::Zero => 0.0,
                            Start::Bias(bias) => bias[j].into(),
                            Start::Sum => before[i * stride + j].into(),
                        };
                        let products = (0..k).map(|p| at(&a, i, p) * at(&b, p, j));
                        let mut expected: f64 = first + products.sum::<f64>();
                        if relu {
                            expected = expected.max(0.0);
                        }
                        let found = f64::from(c[i * stride + j]);
                        assert!(
                            (found - expected).abs() < 1e-6 * (8 + k) as f64,
                            "{isa:?} {m}x{k}x{n} ({i}, {j}): {found}, expected {expected}"
                        );
                    }
                    let gap = i * stride + n..(i + 1) * stride;
                    assert_eq!(c[gap.clone()], before[gap], "wrote beside the output");
                }
            }
        }
    }
}

/// All four layouts of two operands.
fn check_layouts(m: usize, k: usize, n: usize) {
    let (a, b) = (random(m * k, 1), random(k * n, 2));
    let lying = [
        Matrix::row_major(&a, m, k),
        Matrix::row_major(&a, k, m).transposed(),
    ];
    let other = [
        Matrix::row_major(&b, k, n),
        Matrix::row_major(&b, n, k).transposed(),
    ];
    for a in lying {
        for b in other {
            check(a, b);
        }
    }
}

#[test]
fn small_products_equal_the_plain_sums() {
    for m in 0..=9 {
        for k in 0..=9 {
            for n in 0..=9 {
                check_layouts(m, k, n);
            }
        }
    }
}

#[test]
fn products_of_all_sizes_up_to_20_equal_the_plain_sums() {
    const MOST: usize = 20;
    let (a, b, bias) = (
        random(MOST * MOST, 1),
        random(MOST * MOST, 2),
        random(MOST, 4),
    );
    for (m, n) in (0..=MOST).flat_map(|m| (0..=MOST).map(move |n| (m, n))) {
        // The sums over the first `k` products, for increasing `k`.
        let mut sums: Vec<f64> = (0..m * n).map(|at| bias[at % n].into()).collect();
        for k in 0..=MOST {
            let product = Product {
                a: Matrix {
                    columns: Axis::plain(k, 1),
                    ..Matrix::row_major(&a, m, MOST)
                },
                b: Matrix {
                    columns: Axis::plain(n, 1),
                    ..Matrix::row_major(&b, k, MOST)
                },
                start: Start::Bias(&bias[..n]),
                epilogue: Epilogue::NONE,
            };
            for isa in Isa::supported() {
                let mut c = vec![f32::NAN; m * n];
                product.run_with(isa, 1, &mut c, n);
                for (found, expected) in c.iter().zip(&sums) {
                    let gap = (f64::from(*found) - expected).abs();
                    assert!(
                        gap < 1e-5,
                        "{isa:?} {m}x{k}x{n}: {found}, expected {expected}"
                    );
                }
            }
            if k < MOST {
                for (at, sum) in sums.iter_mut().enumerate() {
                    let (x, y) = (a[at / n * MOST + k], b[k * MOST + at % n]);
                    *sum += f64::from(x) * f64::from(y);
                }
            }
        }
    }
}

#[test]
fn awkward_products_equal_the_plain_sums() {
    for (m, k, n) in [
        (17, 257, 31),
        (33, 65, 129),
        (70, 401, 137),
        (1, 784, 130),
        (3, 5, 200),
        (29, 3, 16),
        (13, 769, 48),
    ] {
        check_layouts(m, k, n);
    }
}

/// Compares the epilogues of a product with separate passes over its sums, bit by bit.
fn check_tails(a: Matrix<'_>, b: Matrix<'_>) {
    let (m, n) = (a.rows.len(), b.columns.len());
    let stride = n + 2;
    let mut before = random(m * stride, 3);
    before.iter_mut().step_by(7).for_each(|y| *y = f32::NAN);
    before.iter_mut().skip(2).step_by(5).for_each(|y| *y = -0.0);
    let [bias, factor, shift] = [4, 5, 6].map(|seed| random(n, seed));
    let line = [&factor[..], &shift];
    let starts = [Start::Zero, Start::Bias(&bias), Start::Sum];
    for (isa, start) in Isa::supported().flat_map(|isa| starts.map(|start| (isa, start))) {
        let run = |epilogue, threads| {
            let mut c = before.clone();
            Product {
                a,
                b,
                start,
                epilogue,
            }
            .run_with(isa, threads, &mut c, stride);
            c
        };
        let sums = run(Epilogue::NONE, 1);
        for epilogue in all_epilogues(line) {
            let threads = if m * n < 400 { 1 } else { 3 };
            let passes = sums.iter().zip(&before).enumerate();
            let passes = passes.map(|(i, (sum, before))| match i % stride {
                j if j < n => pass(&epilogue, j, *sum, *before),
                _ => *before,
            });
            for (i, (found, expected)) in run(epilogue, threads).iter().zip(passes).enumerate() {
                assert!(
                    found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                    "{isa:?} {m}x{n} at {i}: {found}, expected {expected}; {epilogue:?}"
                );
            }
        }
    }
}

/// Every combination of the epilogue's parts with no activation or a ReLU.
pub(in crate::kernels) fn all_epilogues(line: [&[f32]; 2]) -> Vec<Epilogue<'_>> {
    let mut epilogues = Vec::new();
    for line in [[&[][..]; 2], line] {
        for adds in [false, true] {
            for activation in [Activation::Linear, Activation::Relu] {
                epilogues.push(Epilogue {
                    line,
                    adds,
                    activation,
                });
            }
        }
    }
    epilogues
}

/// The epilogue for one value of column `j`, written out.
pub(in crate::kernels) fn pass(epilogue: &Epilogue<'_>, j: usize, sum: f32, before: f32) -> f32 {
    let mut y = sum;
    if let [Some(factor), Some(shift)] = epilogue.line.map(|values| values.get(j)) {
        y = y * factor + shift;
    }
    if epilogue.adds {
        y += before;
    }
    if epilogue.activation == Activation::Relu && y < 0.0 {
        y = 0.0;
    }
    y
}

#[test]
fn a_tail_gives_the_bits_of_passes_over_the_sums() {
    for (m, k, n) in (0..=20)
        .flat_map(|m| (0..=20).map(move |n| (m, (m + n) % 4, n)))
        .chain([
            (1, 7, 150),
            (2, 385, 70),
            (17, 257, 31),
            (33, 65, 129),
            (70, 401, 137),
            (29, 3, 16),
            (13, 769, 48),
            (40, 900, 9),
        ])
    {
        let (a, b) = (random(m * k, 1), random(k * n, 2));
        let a = Matrix::row_major(&a, m, k);
        check_tails(a, Matrix::row_major(&b, k, n));
        check_tails(a, Matrix::row_major(&b, n, k).transposed());
    }
}

#[test]
fn a_view_of_windows_is_a_matrix() {
    // 3×3 windows of 2 channels over an image of 9 columns, at stride 2, taps 2 columns apart.
    let image = random(9 * 9 * 2, 5);
    let a = Matrix {
        values: &image,
        rows: Axis::nested([3, 3, 1], [2 * 9 * 2, 2 * 2, 0]),
        columns: Axis::nested([3, 3, 2], [9 * 2, 2 * 2, 1]),
    };
    let kernel = random(18 * 5, 6);
    check(a, Matrix::row_major(&kernel, 18, 5));
    check_tails(a, Matrix::row_major(&kernel, 18, 5));
    let dy = random(9 * 5, 7);
    check(a.transposed(), Matrix::row_major(&dy, 9, 5));
}

#[test]
fn windows_that_share_rows_of_the_image_are_a_matrix() {
    // Windows of `height` × 3 taps at stride 1, for each pixel of some output rows.
    for (rows, width, height, channels, n) in [
        (2, 4, 2, 1, 1),
        (3, 5, 3, 2, 3),
        (2, 7, 3, 1, 4),
        (4, 8, 2, 3, 8),
        (5, 11, 3, 2, 5),
        (2, 13, 4, 1, 16),
        (3, 16, 3, 4, 16),
        (2, 26, 3, 2, 9),
        (4, 32, 3, 16, 16),
        (2, 3, 3, 2, 7),
        (2, 9, 3, 260, 3),
        (2, 6, 3, 2, 17),
    ] {
        let row = (width + 2) * channels;
        let image = random((rows + height - 1) * row, 5);
        let a = Matrix {
            values: &image,
            rows: Axis::nested([1, rows, width], [0, row, channels]),
            columns: Axis::nested([height, 3, channels], [row, channels, 1]),
        };
        let k = height * 3 * channels;
        let kernel = random(k * n, 6);
        check(a, Matrix::row_major(&kernel, k, n));
        check_tails(a, Matrix::row_major(&kernel, k, n));
    }
}

#[test]
fn an_element_has_the_same_bits_in_every_tile_and_on_every_fused_set() {
    let (m, k, n) = (31, 900, 150);
    let (a, b) = (random(m * k, 1), random(k * n, 2));
    for isa in Isa::supported() {
        let fused = isa != Isa::Portable;
        let chain = |i: usize, j: usize| {
            (0..k).fold(0.0f32, |sum, p| {
                let (x, y) = (a[i * k + p], b[p * n + j]);
                if fused {
                    x.mul_add(y, sum)
                } else {
                    sum + x * y
                }
            })
        };
        for threads in [1, 2, 5] {
            let product = Product {
                a: Matrix::row_major(&a, m, k),
                b: Matrix::row_major(&b, k, n),
                start: Start::Zero,
                epilogue: Epilogue::NONE,
            };
            let mut c = vec![f32::NAN; m * n];
            product.run_with(isa, threads, &mut c, n);
            for i in 0..m {
                for j in 0..n {
                    assert_eq!(c[i * n + j].to_bits(), chain(i, j).to_bits(), "{isa:?}");
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "do not fit")]
fn an_operand_that_is_too_short_is_refused() {
    dense(
        &[1.0; 5],
        &[1.0; 6],
        &[],
        &mut [0.0; 4],
        [3, 2],
        Epilogue::NONE,
    );
}
