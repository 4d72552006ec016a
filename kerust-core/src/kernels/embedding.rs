//! Table lookup for embeddings, and the gradient of the table.

use super::parallel;

/// The number of multiply-adds that take as long as copying or adding one value, which is limited by memory.
const VALUE_MACS: usize = 4;

/// The number of pieces that the rows of a gradient are divided into. Each piece visits all tokens.
const PIECES: usize = 8;

/// The minimum number of values of a gradient that is divided.
const CUT_LEN: usize = 1 << 14;

/// `y = table[tokens]`, row by row of `width` values.
///
/// # Panics
/// Panics for a token beyond the table. Without `std` it writes a row of zeros instead.
pub fn gather(table: &[f32], width: usize, tokens: &[u16], y: &mut [f32]) {
    check!(
        y.len() == tokens.len() * width,
        "{} tokens give {} values, {} are asked for",
        tokens.len(),
        tokens.len() * width,
        y.len()
    );
    let rows = (super::elementwise::CHUNK_LEN
        .checked_div(width)
        .unwrap_or(1))
    .max(1);
    let macs = y.len() * VALUE_MACS;
    parallel::chunks(y, rows * width, macs, |chunk, y| {
        let tokens = tokens.get(chunk * rows..).unwrap_or_default();
        for (y, token) in y.chunks_exact_mut(width.max(1)).zip(tokens) {
            let first = usize::from(*token) * width;
            match table.get(first..first + width) {
                Some(row) => super::copy(row, y),
                None => beyond(*token, table.len().checked_div(width).unwrap_or(0), y),
            }
        }
    });
}

#[cfg(feature = "std")]
fn beyond(token: u16, rows: usize, _y: &mut [f32]) {
    panic!("token {token} has no row in a table of {rows}");
}

#[cfg(not(feature = "std"))]
fn beyond(_token: u16, _rows: usize, y: &mut [f32]) {
    y.fill(0.0);
}

/// `dtable[token] += dy` for each row of `dy`, in order. Without `accumulate`, every value is overwritten
/// first.
///
/// Work is divided over the rows of the table, so that each row is one sum in the order of the tokens.
///
/// # Panics
/// Panics for a token beyond the table. Without `std` it is skipped instead.
pub fn scatter_add(dy: &[f32], width: usize, tokens: &[u16], dtable: &mut [f32], accumulate: bool) {
    let rows = dtable.len().checked_div(width).unwrap_or(0);
    check!(
        dy.len() == tokens.len() * width && tokens.iter().all(|token| usize::from(*token) < rows),
        "{} values are added to rows of {width} for {} tokens, of a table of {rows}",
        dy.len(),
        tokens.len()
    );
    let pieces = if dtable.len() < CUT_LEN { 1 } else { PIECES };
    let rows = rows.div_ceil(pieces).max(1);
    let macs = (dtable.len() + dy.len()) * VALUE_MACS;
    parallel::chunks(dtable, rows * width, macs, |chunk, dtable| {
        if !accumulate {
            dtable.fill(0.0);
        }
        let first = chunk * rows;
        for (token, dy) in tokens.iter().zip(dy.chunks_exact(width.max(1))) {
            let place = usize::from(*token).wrapping_sub(first).wrapping_mul(width);
            if usize::from(*token) < first || place >= dtable.len() {
                continue;
            }
            if let Some(row) = dtable.get_mut(place..place + width) {
                row.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += dy);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::golden::cases;

    #[test]
    fn embedding_equals_keras() {
        for case in cases("embedding") {
            let table = case.values("table");
            let width = case.shape("table")[1];
            let tokens: Vec<u16> = case.values("tokens").iter().map(|x| *x as u16).collect();
            let mut y = vec![f32::NAN; tokens.len() * width];
            gather(&table, width, &tokens, &mut y);
            case.check("y", &y, 0.0);
            let mut dtable = vec![f32::NAN; table.len()];
            scatter_add(&case.values("dy"), width, &tokens, &mut dtable, false);
            case.check("d_table", &dtable, 1e-6);
        }
    }

    #[test]
    fn a_gradient_is_summed_in_the_order_of_the_tokens_on_any_number_of_threads() {
        const ROWS: usize = 1_003;
        const WIDTH: usize = 33;
        let tokens: Vec<u16> = (0..5_000u32).map(|i| (i * i % 1_003) as u16).collect();
        let dy: Vec<f32> = (0..tokens.len() * WIDTH)
            .map(|i| (i as f32 * 0.7).sin())
            .collect();
        let start: Vec<f32> = (0..ROWS * WIDTH).map(|i| i as f32 * 1e-3).collect();
        let mut expected = start.clone();
        for (token, dy) in tokens.iter().zip(dy.chunks(WIDTH)) {
            let row = &mut expected[usize::from(*token) * WIDTH..][..WIDTH];
            row.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += dy);
        }
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let mut found = start.clone();
            let run = || scatter_add(&dy, WIDTH, &tokens, &mut found, true);
            pool.build().expect("threads").install(run);
            assert!(found == expected, "{threads} threads");
        }
    }

    #[test]
    #[should_panic(expected = "token 3 has no row in a table of 3")]
    fn a_token_beyond_the_table_is_refused() {
        gather(&[0.0; 6], 2, &[0, 3], &mut [0.0; 4]);
    }
}
