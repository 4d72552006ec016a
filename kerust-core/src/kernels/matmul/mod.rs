//! Matrix products.
//!
//! The core is [`Product`]: `c = epilogue(start + a·b)`, where `a` and `b` are views (`view.rs`), `start` is
//! zero, a bias for each column, or the old values of `c`, and the [`Epilogue`] is what the fused layers do
//! with each sum. Layers need these cases:
//!
//! | | a | b | start |
//! |---|---|---|---|
//! | `y = x·w + bias` | x | w | bias |
//! | `dw = xᵀ·dy` | x transposed | dy | zero or sum |
//! | `dx = dy·wᵀ` | dy | w transposed, packed | zero |
//! | a convolution | windows of the image | the kernel | bias |
//!
//! # How it computes
//! A tile (`blocks/tile.rs`) of `c`, of up to 14 rows × 32 columns with AVX-512, 6 × 16 with AVX2 and 12 × 8
//! with NEON, stays in registers while the summed axis is processed: for each step, a row of `b` is loaded,
//! and each row's element of `a` is broadcast and multiplied into its sums. `b` is processed in blocks of 384
//! rows, so that the panel of the tile stays in the first-level cache. If its rows are strided, or far apart
//! and often used, it is packed first (`blocks/pack.rs`). Columns at the edge use masks and are not computed
//! in another way. If a row of `c` is one vector and `a` is the windows of an image, two rows of the image's
//! output are computed together (`blocks/pairs.rs`). `portable.rs` is used on all other targets, and always
//! without `std`.
//!
//! # Reproducibility
//! Each element of `c` is computed as `start`, to which each product is added in ascending order of the
//! summed axis. Blocks pass the partial sums on through `c` itself. So the result does not depend on the tile
//! of an element, nor on the blocks or the threads, and all instruction sets with fused multiply-add agree.
//! This is also why a long dot product is not split into several sums.

#[cfg(all(feature = "std", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod blocks;
mod portable;
mod view;

#[cfg(feature = "std")]
use super::parallel;
use super::{Epilogue, Isa};
use crate::activation::Activation;
pub(crate) use portable::{End, SumBlock};
pub(crate) use view::{Axis, Matrix};

/// The start values of the sums of a product.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a> {
    /// Zero.
    Zero,
    /// A value for each column.
    Bias(&'a [f32]),
    /// The old values of the output.
    Sum,
}

impl<'a> Start<'a> {
    /// A bias, or zero if it is empty.
    pub(crate) fn bias(bias: &'a [f32]) -> Self {
        if bias.is_empty() {
            Self::Zero
        } else {
            Self::Bias(bias)
        }
    }

    /// `Sum` to accumulate, `Zero` to replace.
    pub(crate) fn accumulate(accumulate: bool) -> Self {
        if accumulate { Self::Sum } else { Self::Zero }
    }
}

/// `c = epilogue(start + a·b)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a> {
    pub(crate) a: Matrix<'a>,
    /// Both axes must be plain.
    pub(crate) b: Matrix<'a>,
    pub(crate) start: Start<'a>,
    /// Its activation can only be a ReLU; see [`Epilogue::rest`].
    pub(crate) epilogue: Epilogue<'a>,
}

/// `c = a·b` on the calling thread, with sizes `[m, k, n]`. A transposed matrix is stored by columns.
pub(crate) fn product_of(
    [a, b]: [&[f32]; 2],
    turned: [bool; 2],
    [m, k, n]: [usize; 3],
    c: &mut [f32],
) {
    let view = |values, rows, columns, is_turned| match is_turned {
        true => Matrix::row_major(values, columns, rows).transposed(),
        false => Matrix::row_major(values, rows, columns),
    };
    let product = Product {
        a: view(a, m, k, turned[0]),
        b: view(b, k, n, turned[1]),
        start: Start::Zero,
        epilogue: Epilogue::NONE,
    };
    product.run_here(c, n);
}

impl Product<'_> {
    /// Multiply-adds.
    #[cfg(feature = "std")]
    fn macs(&self) -> usize {
        self.a.rows.len() * self.a.columns.len() * self.b.columns.len()
    }

    /// Computes into `c`, whose rows are `stride` apart, on as many threads as are worth it.
    pub(crate) fn run(&self, c: &mut [f32], stride: usize) {
        #[cfg(feature = "std")]
        let threads = parallel::threads(self.macs());
        #[cfg(not(feature = "std"))]
        let threads = 1;
        self.run_with(Isa::best(), threads, c, stride);
    }

    /// Computes into `c` on the calling thread only, for work that is already divided.
    pub(crate) fn run_here(&self, c: &mut [f32], stride: usize) {
        self.run_with(Isa::best(), 1, c, stride);
    }

    /// Computes into `c` with portable code. Here the rows of `b` can be nested too.
    #[cfg(any(test, not(feature = "std")))]
    pub(crate) fn run_portable(&self, c: &mut [f32], stride: usize) {
        self.run_with(Isa::Portable, 1, c, stride);
    }

    /// Whether all elements of the operands, the bias and the epilogue are inside of their slices.
    fn fits(&self) -> bool {
        let bias = match self.start {
            Start::Bias(bias) => bias.len() == self.b.columns.len(),
            Start::Zero | Start::Sum => true,
        };
        bias && self.epilogue.fits(self.b.columns.len())
            && self.a.columns.len() == self.b.rows.len()
            && self.a.fits()
            && self.b.fits()
    }

    fn run_with(&self, isa: Isa, threads: usize, c: &mut [f32], stride: usize) {
        let (m, n) = (self.a.rows.len(), self.b.columns.len());
        if m == 0 || n == 0 {
            return;
        }
        check!(self.fits(), "a product's operands do not fit each other");
        check!(
            n <= stride && (m - 1).saturating_mul(stride).saturating_add(n) <= c.len(),
            "a product's output is shorter than its rows"
        );
        match isa {
            Isa::Portable => self.divide(threads, c, stride),
            #[cfg(all(feature = "std", any(target_arch = "x86_64", target_arch = "aarch64")))]
            // SAFETY: the operands were checked above. An `Isa` other than `Portable` is used only if
            // `Isa::best` found it.
            _ => unsafe { blocks::run(self, isa, threads, c.as_mut_ptr(), stride) },
        }
    }

    fn divide(&self, threads: usize, c: &mut [f32], stride: usize) {
        let m = self.a.rows.len();
        #[cfg(feature = "std")]
        if threads > 1 {
            let height = m.div_ceil(threads);
            // The last row may end before its stride, so chunks are counted in rows.
            let c = &mut c[..(m - 1) * stride + self.b.columns.len()];
            return parallel::chunks(c, height * stride, self.macs(), |i, c| {
                let rows = i * height..m.min((i + 1) * height);
                // SAFETY: as below.
                unsafe { portable::product(self, rows, c.as_mut_ptr(), stride) };
            });
        }
        let _ = threads;
        // SAFETY: `run_with` checked the operands and the output.
        unsafe { portable::product(self, 0..m, c.as_mut_ptr(), stride) };
    }
}

/// `y = epilogue(x·w + b)`, with `x` as (batch, n_in) and `w` as (n_in, n_out). An empty `b` adds nothing.
///
/// Inlined so that unused activations are dropped from firmware.
#[inline(always)]
pub fn dense(
    x: &[f32],
    w: &[f32],
    b: &[f32],
    y: &mut [f32],
    [n_in, n_out]: [usize; 2],
    epilogue: Epilogue<'_>,
) {
    dense_product(x, w, b, y, [n_in, n_out], &epilogue);
    let rest = epilogue.rest();
    if rest != Activation::Linear {
        super::activate(rest, y, n_out);
    }
}

/// [`dense`] without an activation that needs a separate pass.
#[cfg_attr(feature = "std", inline(always))]
fn dense_product(
    x: &[f32],
    w: &[f32],
    b: &[f32],
    y: &mut [f32],
    [n_in, n_out]: [usize; 2],
    epilogue: &Epilogue<'_>,
) {
    let batch = y.len() / n_out.max(1);
    let product = Product {
        a: Matrix::row_major(x, batch, n_in),
        b: Matrix::row_major(w, n_in, n_out),
        start: Start::bias(b),
        epilogue: *epilogue,
    };
    product.run(y, n_out);
}

/// `dx = dy·wᵀ`
pub fn dense_input_gradient(dy: &[f32], w: &[f32], dx: &mut [f32], n_in: usize, n_out: usize) {
    let batch = dx.len() / n_in.max(1);
    let product = Product {
        a: Matrix::row_major(dy, batch, n_out),
        b: Matrix::row_major(w, n_in, n_out).transposed(),
        start: Start::Zero,
        epilogue: Epilogue::NONE,
    };
    product.run(dx, n_in);
}

/// `dw = xᵀ·dy`, or `dw += xᵀ·dy`
pub fn dense_weight_gradient(
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    n_in: usize,
    n_out: usize,
    accumulate: bool,
) {
    let batch = dy.len() / n_out.max(1);
    let product = Product {
        a: Matrix::row_major(x, batch, n_in).transposed(),
        b: Matrix::row_major(dy, batch, n_out),
        start: Start::accumulate(accumulate),
        epilogue: Epilogue::NONE,
    };
    product.run(dw, n_out);
}

#[cfg(test)]
pub(super) mod tests;
