//! The division of a product into pieces for threads, blocks for the caches, and tiles for the registers.
//!
//! The division does not change the result; see the [module](super).

#[cfg(target_arch = "aarch64")]
mod neon;
mod pack;
mod pairs;
mod registers;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::view::Matrix;
use super::{Product, Start};
use crate::kernels::{Isa, parallel, scratch, simd};
use core::ops::Range;
use pack::{Strided, pack};
use pairs::Pairs;
use registers::Registers;
use tile::{First, ROWS, SCATTERED_ROWS, Tile};

/// The number of rows of `b` in a block: with 32 columns, 48 KB.
pub(super) const DEPTH: usize = 384;

/// The number of values of `a` in a block, for which several panels of `b` are used: 256 KB.
const BLOCK_LEN: usize = 65536;

/// The columns that a thread takes at a time: those of a tile.
const COLUMNS: usize = 32;

/// The columns of `b` in a block, if there are several blocks of rows.
const BLOCK_COLUMNS: usize = 4 * COLUMNS;

/// From this number of columns on, the rows of `b` are so far apart that packing them is worth its cost,
const PACKED_COLUMNS: usize = 129;
/// if at least this number of rows of `a` use them.
const PACKED_ROWS: usize = 64;

/// From this number of rows of `a` on, packing is worth its cost if vectors of `b` would cross cache lines.
const ALIGNED_ROWS: usize = 256;

/// The rows and columns of the output that one thread computes.
struct Piece {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// An output to which several threads write, each to its own piece.
struct Output(*mut f32);

// SAFETY: pieces do not overlap.
unsafe impl Sync for Output {}

impl Output {
    fn pointer(&self) -> *mut f32 {
        self.0
    }
}

/// Computes the product.
///
/// # Safety
/// The machine must have `isa`. The operands must fit their views and each other, and `c` must have all rows.
pub(super) unsafe fn run(
    product: &Product<'_>,
    isa: Isa,
    threads: usize,
    c: *mut f32,
    stride: usize,
) {
    let (m, n) = (product.a.rows.len(), product.b.columns.len());
    let c = Output(c);
    let compute = |rows, columns| {
        let mut piece = Piece { rows, columns };
        // SAFETY: the caller's promises; pieces do not overlap.
        unsafe {
            match isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512 => blocks::<simd::Avx512>(product, &mut piece, c.pointer(), stride),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => blocks::<simd::Avx2>(product, &mut piece, c.pointer(), stride),
                #[cfg(target_arch = "aarch64")]
                Isa::Neon => blocks::<simd::Neon>(product, &mut piece, c.pointer(), stride),
                Isa::Portable => unreachable!("`portable.rs` computes these"),
            }
        }
    };
    if threads == 1 {
        // The divisions below would take as long as a small product.
        return compute(0..m, 0..n);
    }
    let by_columns = n >= m && n >= 2 * COLUMNS;
    let (len, unit) = if by_columns { (n, COLUMNS) } else { (m, 1) };
    let step = len.div_ceil(threads).next_multiple_of(unit);
    parallel::pieces(len.div_ceil(step), |i| {
        let part = i * step..len.min((i + 1) * step);
        if by_columns {
            compute(0..m, part);
        } else {
            compute(part, 0..n);
        }
    });
}

/// Processes the summed axis in blocks, and the columns in panels.
///
/// # Safety
/// The same as for [`run`]; no other thread may access the piece.
unsafe fn blocks<S: Registers>(
    product: &Product<'_>,
    piece: &mut Piece,
    c: *mut f32,
    stride: usize,
) {
    if let Some((pairs, rows)) = Pairs::of::<S>(product, &piece.rows, c, stride) {
        // SAFETY: the caller's promises.
        unsafe { pairs.run::<S>(rows) };
        piece.rows.start += rows;
        if piece.rows.is_empty() {
            return;
        }
    }
    let (b, k) = (&product.b, product.a.columns.len());
    let (down, across) = (b.rows.strides[2], b.columns.strides[2]);
    let (m, n) = (piece.rows.len(), b.columns.len());
    let line = S::LANES * size_of::<f32>();
    let crosses_lines =
        !b.values.as_ptr().addr().is_multiple_of(line) || !down.is_multiple_of(S::LANES);
    let packed = across != 1
        || m >= PACKED_ROWS && n >= PACKED_COLUMNS
        || m >= ALIGNED_ROWS && crosses_lines;
    let widest = widest::<S>(m);
    let mut p = 0;
    loop {
        // Otherwise partial sums would overwrite the values that are added.
        let depth = if product.epilogue.adds {
            k
        } else {
            DEPTH.min(k - p)
        };
        let rows = (BLOCK_LEN / depth.max(1))
            .max(1)
            .next_multiple_of(S::SUMS / widest);
        // With a single block of rows, each panel is used at once.
        let columns = if m > rows {
            BLOCK_COLUMNS
        } else {
            widest * S::LANES
        };
        for start in piece.columns.clone().step_by(columns) {
            let block = Block {
                depths: p..p + depth,
                columns: start..piece.columns.end.min(start + columns),
                rows,
                widest,
            };
            // SAFETY: the caller's promises.
            unsafe {
                if packed {
                    let width = block.columns.len().next_multiple_of(S::LANES);
                    scratch::with(scratch::Use::Panel, depth * width, |values| {
                        let to = values.as_mut_ptr();
                        block.pack::<S>(b, to);
                        block.rows::<S>(product, piece, Panels::Packed(to), (c, stride));
                    });
                } else {
                    let from = b.values.as_ptr().wrapping_add(p * down);
                    block.rows::<S>(product, piece, Panels::Rows(from, down), (c, stride));
                }
            }
        }
        p += depth;
        // A sum over nothing must still write its start value.
        if p == k {
            return;
        }
    }
}

/// A block of `b`, whose panels are used for one block of rows of `a` after the other, so that these rows are
/// still in the cache for the second panel.
struct Block {
    depths: Range<usize>,
    columns: Range<usize>,
    /// The number of rows of a block of `a`.
    rows: usize,
    /// The maximum number of vectors across a panel.
    widest: usize,
}

/// Where the panels of a block are.
#[derive(Clone, Copy)]
enum Panels {
    /// The first row of the block in `b` itself, and the distance between its rows.
    Rows(*const f32, usize),
    /// One packed panel after the other.
    Packed(*const f32),
}

impl Block {
    /// The panels from left to right: the largest powers of two of vectors that fit.
    fn panels<S: Registers>(&self) -> impl Iterator<Item = Panel> {
        let mut from = self.columns.start;
        core::iter::from_fn(move || {
            let left = self.columns.end - from;
            let vectors = self
                .widest
                .min(1 << left.div_ceil(S::LANES).checked_ilog2()?);
            let columns = from..from + left.min(vectors * S::LANES);
            from = columns.end;
            Some(Panel {
                depths: self.depths.clone(),
                columns,
                vectors,
            })
        })
    }

    /// Where a packed panel starts.
    fn packed(&self, panel: &Panel) -> usize {
        (panel.columns.start - self.columns.start) * self.depths.len()
    }

    /// Copies the panels.
    ///
    /// # Safety
    /// The same as for [`run`], and there is room for the whole block behind `to`.
    unsafe fn pack<S: Registers>(&self, b: &Matrix<'_>, to: *mut f32) {
        let (down, across) = (b.rows.strides[2], b.columns.strides[2]);
        for panel in self.panels::<S>() {
            let from = self.depths.start * down + panel.columns.start * across;
            let strided = Strided {
                values: b.values.as_ptr().wrapping_add(from),
                row_stride: down,
                column_stride: across,
                rows: self.depths.len(),
                columns: panel.columns.len(),
            };
            // SAFETY: the caller's promises.
            unsafe {
                pack::<S>(
                    &strided,
                    to.add(self.packed(&panel)),
                    panel.vectors * S::LANES,
                )
            };
        }
    }

    /// Processes the rows in blocks, and each block by panels.
    ///
    /// # Safety
    /// The same as for [`run`], and the panels are there.
    unsafe fn rows<S: Registers>(
        &self,
        product: &Product<'_>,
        piece: &Piece,
        panels: Panels,
        c: (*mut f32, usize),
    ) {
        for start in piece.rows.clone().step_by(self.rows) {
            let rows = start..piece.rows.end.min(start + self.rows);
            for panel in self.panels::<S>() {
                let b = match panels {
                    Panels::Rows(from, stride) => (from.wrapping_add(panel.columns.start), stride),
                    Panels::Packed(from) => (
                        from.wrapping_add(self.packed(&panel)),
                        panel.vectors * S::LANES,
                    ),
                };
                // SAFETY: the caller's promises.
                unsafe { tiles::<S>(product, &rows, &panel, b, c) };
            }
        }
    }
}

/// The number of vectors across a tile: with few rows, there are registers for more vectors.
fn widest<S: Registers>(rows: usize) -> usize {
    [8, 4]
        .into_iter()
        .find(|vectors| vectors * rows <= S::SUMS)
        .unwrap_or(2)
}

/// A panel of `b`.
struct Panel {
    depths: Range<usize>,
    columns: Range<usize>,
    vectors: usize,
}

/// Processes the rows in tiles.
///
/// # Safety
/// The same as for [`run`], and `b` points to the panel.
unsafe fn tiles<S: Registers>(
    product: &Product<'_>,
    rows: &Range<usize>,
    panel: &Panel,
    (b, b_stride): (*const f32, usize),
    (c, c_stride): (*mut f32, usize),
) {
    let first = match product.start {
        _ if panel.depths.start > 0 => First::Sum,
        Start::Zero => First::Zero,
        Start::Bias(bias) => First::Bias(bias[panel.columns.start..].as_ptr()),
        Start::Sum => First::Sum,
    };
    let a = &product.a;
    let mut tile = Tile {
        count: 0,
        last_rows: 0,
        a: a.values.as_ptr(),
        rows: &a.rows,
        row: a.rows.cursor(rows.start),
        steps: &a.columns,
        from: a.columns.cursor(panel.depths.start),
        depth: panel.depths.len(),
        b,
        b_stride,
        c: c.wrapping_add(rows.start * c_stride + panel.columns.start),
        c_stride,
        last_lanes: panel.columns.len() - (panel.vectors - 1) * S::LANES,
        first,
        line: None,
        adds: product.epilogue.adds,
        relu: false,
    };
    if panel.depths.end == a.columns.len() {
        (tile.line, tile.relu) = ends(product, panel.columns.clone());
    }
    let run = tile.row.run(&a.rows);
    let even = run >= rows.len() || [run, a.rows.sizes[2]].iter().all(|run| run % ROWS == 0);
    let highest = (S::SUMS / panel.vectors).min(ROWS);
    // The highest tile, and the highest tile whose last rows may be missing.
    let (most, most_short) = match panel.vectors {
        1 if even => (highest, highest.min(SCATTERED_ROWS)),
        1 => (highest.min(SCATTERED_ROWS), highest.min(SCATTERED_ROWS)),
        _ => (highest, highest),
    };
    // Tiles of medium height exist in steps of this number of rows.
    let unit = if panel.vectors == 1 { 4 } else { 2 };
    let (mut done, mut left) = (rows.start, rows.len());
    loop {
        // Two tiles of medium height are faster than a full one and one of a single row.
        let (rows, count) = if left <= most_short || left == most {
            (left, 1)
        } else if left < 2 * most {
            (left.div_ceil(2).next_multiple_of(unit).min(left), 1)
        } else {
            (most, left / most - usize::from(!left.is_multiple_of(most)))
        };
        tile.count = count;
        tile.last_rows = rows;
        // SAFETY: the caller's promises; the tile's rows and columns are the piece's.
        unsafe {
            match panel.vectors {
                1 => dispatch::<S, 1>(&tile),
                2 => dispatch::<S, 2>(&tile),
                4 => dispatch::<S, 4>(&tile),
                _ => dispatch::<S, 8>(&tile),
            }
        }
        done += rows * count;
        left -= rows * count;
        if left == 0 {
            return;
        }
        tile.row = a.rows.cursor(done);
        tile.c = c.wrapping_add(done * c_stride + panel.columns.start);
    }
}

/// The line of some columns of a product's epilogue, and whether it ends with a ReLU.
fn ends(product: &Product<'_>, columns: Range<usize>) -> (Option<[*const f32; 2]>, bool) {
    let line = product.epilogue.columns(columns).line;
    let line = (!line[0].is_empty()).then(|| line.map(<[f32]>::as_ptr));
    (line, product.epilogue.relu())
}

/// Calls the lowest tile that covers the rows.
///
/// # Safety
/// As for [`tile::tile`].
unsafe fn dispatch<S: Registers, const VECTORS: usize>(tile: &Tile<'_>) {
    macro_rules! heights {
        ($($height:literal)+) => {$(
            if const { exists($height, VECTORS, S::SUMS) }
                && (tile.last_rows == $height
                    || tile.last_rows < $height && const { !tile::is_even($height, VECTORS) })
            {
                // SAFETY: the caller's promises.
                return unsafe {
                    S::enter(
                        #[inline(always)]
                        || tile::tile::<S, $height, VECTORS>(tile),
                    )
                };
            }
        )+};
    }
    heights! { 1 2 3 4 6 7 8 10 12 14 16 }
    unreachable!("a tile is never higher than its sums fit")
}

/// Whether a tile of this height is compiled. There are few, because each takes a third of a second to
/// compile.
const fn exists(height: usize, vectors: usize, sums: usize) -> bool {
    height * vectors <= sums
        && match vectors {
            1 => matches!(height, 1 | 2 | 4 | 8 | 12 | 16),
            2 => matches!(height, 1 | 2 | 4 | 6 | 8 | 10 | 12 | 14),
            // The highest one that fits, and the lowest ones.
            _ => height <= 4 || height == sums / vectors,
        }
}
