//! Matrix products of kerust and of BLAS libraries, and the peak of the machine, with one thread.

use kerust::activation::Activation;
use kerust::__private::kernels::{self, Epilogue};
use libloading::Library;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Which factor is stored transposed: none in a layer's output, the left one in the weights' gradient, the
/// right one in the input's gradient.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transposed {
    None,
    Left,
    Right,
}
use Transposed::{Left, None as Plain, Right};

/// `(m, k, n)`: the products of small networks, also for single samples and with narrow outputs, and a square
/// one.
const PRODUCTS: [([usize; 3], Transposed); 17] = [
    ([64, 784, 128], Plain),
    ([7840, 64, 64], Plain),
    ([7840, 64, 64], Left),
    ([64, 64, 7840], Right),
    ([64, 7840, 64], Plain),
    ([512, 512, 512], Plain),
    ([1, 784, 128], Plain),
    ([1, 7840, 64], Plain),
    ([1, 128, 10], Plain),
    ([64, 128, 10], Plain),
    ([256, 128, 10], Plain),
    ([784, 90, 16], Plain),
    ([50176, 90, 16], Plain),
    ([1024, 27, 16], Plain),
    ([1024, 144, 16], Plain),
    ([1024, 144, 32], Plain),
    ([50176, 9, 10], Plain),
];
const ROUNDS: usize = 40;
const ROUND: Duration = Duration::from_micros(500);

/// `cblas_sgemm`. The width of its size type depends on the library.
type Gemm<I> = unsafe extern "C" fn(
    i32,
    i32,
    i32,
    I,
    I,
    I,
    f32,
    *const f32,
    I,
    *const f32,
    I,
    f32,
    *mut f32,
    I,
);

/// The function of a library.
#[derive(Clone, Copy)]
enum Blas {
    Narrow(Gemm<i32>),
    Wide(Gemm<i64>),
}

const ROW_MAJOR: i32 = 101;
const AS_IT_IS: i32 = 111;
const TRANSPOSED: i32 = 112;

/// Prints a line of JSON: GFLOP/s of the peak, and of each product with kerust and with each library (two for
/// each multiply-add).
pub fn matmul(libraries: &[String]) {
    let libraries: Vec<Library> = libraries
        .iter()
        // SAFETY: loading a BLAS library only runs its own initialization.
        .map(|path| unsafe { Library::new(path) }.unwrap_or_else(|error| panic!("{path}: {error}")))
        .collect();
    let blas = |library: &Library| {
        // SAFETY: the signatures are those of the CBLAS standard, and of NumPy's OpenBLAS with 64-bit sizes.
        unsafe {
            match library.get(b"scipy_cblas_sgemm64_") {
                Ok(wide) => Blas::Wide(*wide),
                Err(_) => Blas::Narrow(*library.get(b"cblas_sgemm").expect("`cblas_sgemm`")),
            }
        }
    };
    let gemms: Vec<Blas> = libraries.iter().map(blas).collect();
    let rows: Vec<String> = PRODUCTS
        .iter()
        .map(|product| row(*product, &gemms))
        .collect();
    println!(
        r#"{{"peak": {}, "products": [{}]}}"#,
        peak(),
        rows.join(", ")
    );
}

fn row(product: ([usize; 3], Transposed), gemms: &[Blas]) -> String {
    let ([m, k, n], transposed) = product;
    let (a, b, mut c) = (values(m * k), values(k * n), values(m * n));
    let mut found: Vec<Vec<f64>> = vec![Vec::new(); 1 + gemms.len()];
    // In turn, so that changes of the machine's speed affect all of them.
    for _ in 0..ROUNDS {
        for (contender, found) in found.iter_mut().enumerate() {
            found.push(seconds(|| match (contender.checked_sub(1), transposed) {
                (None, Plain) => {
                    let tail = Epilogue::new(Activation::Linear);
                    kernels::dense(black_box(&a), &b, &[], &mut c, [k, n], tail);
                }
                (None, Left) => {
                    kernels::dense_weight_gradient(black_box(&a), &b, &mut c, m, n, false);
                }
                (None, Right) => kernels::dense_input_gradient(black_box(&a), &b, &mut c, n, k),
                (Some(library), _) => gemms[library].multiply(product, black_box(&a), &b, &mut c),
            }));
        }
    }
    let flops = (2 * m * k * n) as f64;
    let speeds = found.iter_mut().map(|times| {
        times.sort_by(f64::total_cmp);
        format!("{}", flops / times[times.len() / 2] / 1e9)
    });
    let speeds: Vec<String> = speeds.collect();
    format!(
        r#"{{"name": "{m}×{k}{}·{k}×{n}{}", "speeds": [{}]}}"#,
        if transposed == Left { "ᵀ" } else { "" },
        if transposed == Right { "ᵀ" } else { "" },
        speeds.join(", ")
    )
}

impl Blas {
    fn multiply(
        self,
        ([m, k, n], transposed): ([usize; 3], Transposed),
        a: &[f32],
        b: &[f32],
        c: &mut [f32],
    ) {
        assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n);
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        macro_rules! call {
            ($gemm:ident, $int:ty) => {{
                let [m, k, n] = [m, k, n].map(|size| size as $int);
                let (left, a_row) = if transposed == Left {
                    (TRANSPOSED, m)
                } else {
                    (AS_IT_IS, k)
                };
                let (right, b_row) = if transposed == Right {
                    (TRANSPOSED, k)
                } else {
                    (AS_IT_IS, n)
                };
                // SAFETY: the matrices have these sizes.
                unsafe {
                    $gemm(
                        ROW_MAJOR, left, right, m, n, k, 1.0, a, a_row, b, b_row, 0.0, c, n,
                    )
                }
            }};
        }
        match self {
            Self::Narrow(gemm) => call!(gemm, i32),
            Self::Wide(gemm) => call!(gemm, i64),
        }
    }
}

fn values(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i % 1009) as f32 / 1009.0 - 0.5).collect()
}

/// The time of one call, measured over as many calls as fill a round.
fn seconds(mut call: impl FnMut()) -> f64 {
    call();
    let (start, mut calls) = (Instant::now(), 0u32);
    while start.elapsed() < ROUND {
        (0..4).for_each(|_| call());
        calls += 4;
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

/// GFLOP/s of independent multiply-adds.
fn peak() -> f64 {
    const STEPS: usize = 1 << 16;
    let lanes = if is_x86_feature_detected!("avx512f") {
        16
    } else {
        8
    };
    let times = (0..ROUNDS).map(|_| {
        seconds(|| match lanes {
            // SAFETY: the features were detected.
            16 => unsafe { chains_512(STEPS) },
            _ => unsafe { chains_256(STEPS) },
        })
    });
    let best = times.fold(f64::INFINITY, f64::min);
    (2 * CHAINS * lanes * STEPS) as f64 / best / 1e9
}

const CHAINS: usize = 12;

macro_rules! chains {
    ($name:ident, $features:literal, $set:ident, $fma:ident) => {
        #[target_feature(enable = $features)]
        fn $name(steps: usize) {
            use std::arch::x86_64::*;
            let (mut sums, x) = ([$set(1.0); CHAINS], $set(0.5));
            for _ in 0..steps {
                for sum in &mut sums {
                    *sum = $fma(x, x, *sum);
                }
                // SAFETY: it contains no instruction; it keeps the compiler from changing how the sums are
                // computed.
                unsafe { std::arch::asm!("", options(nomem, nostack, preserves_flags)) };
            }
            black_box(sums);
        }
    };
}
chains!(chains_512, "avx512f", _mm512_set1_ps, _mm512_fmadd_ps);
chains!(chains_256, "avx2,fma", _mm256_set1_ps, _mm256_fmadd_ps);
