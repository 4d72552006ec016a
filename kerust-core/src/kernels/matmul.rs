//! Products of matrices, row-major.

/// `y = x·w + b`, with `x` as (batch, n_in), `w` as (n_in, n_out); an empty `b` adds nothing.
pub fn dense(x: &[f32], w: &[f32], b: &[f32], y: &mut [f32], n_in: usize, n_out: usize) {
    for (x, y) in x.chunks_exact(n_in).zip(y.chunks_exact_mut(n_out)) {
        if b.is_empty() {
            y.fill(0.0);
        } else {
            y.copy_from_slice(b);
        }
        for (x, w) in x.iter().zip(w.chunks_exact(n_out)) {
            y.iter_mut().zip(w).for_each(|(y, w)| *y += x * w);
        }
    }
}

/// `dx = dy·wᵀ`
pub fn dense_input_gradient(dy: &[f32], w: &[f32], dx: &mut [f32], n_in: usize, n_out: usize) {
    for (dy, dx) in dy.chunks_exact(n_out).zip(dx.chunks_exact_mut(n_in)) {
        for (dx, w) in dx.iter_mut().zip(w.chunks_exact(n_out)) {
            *dx = dy.iter().zip(w).map(|(dy, w)| dy * w).sum();
        }
    }
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
    if !accumulate {
        dw.fill(0.0);
    }
    for (x, dy) in x.chunks_exact(n_in).zip(dy.chunks_exact(n_out)) {
        for (x, dw) in x.iter().zip(dw.chunks_exact_mut(n_out)) {
            dw.iter_mut().zip(dy).for_each(|(dw, dy)| *dw += x * dy);
        }
    }
}

/// `sums_j = Σ_i rows_ij`, or added to what stands there; nothing when `sums` is empty.
pub fn column_sums(rows: &[f32], sums: &mut [f32], columns: usize, accumulate: bool) {
    if !accumulate {
        sums.fill(0.0);
    }
    for row in rows.chunks_exact(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
}
