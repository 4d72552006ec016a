//! Random orthonormal matrices.

use super::distribution::Normals;
use crate::rng::Rng;
use nalgebra::DMatrix;

/// Fills a matrix (the last size by all others) with orthonormal columns times `gain`, or with orthonormal
/// rows if it has more columns than rows.
pub(super) fn fill(values: &mut [f32], sizes: &[usize], gain: f32, rng: &mut Rng) {
    let columns = sizes.last().copied().unwrap_or(1);
    if values.is_empty() {
        return;
    }
    let rows = values.len() / columns;
    let mut normals = Normals::new(rng);
    let normal = DMatrix::from_fn(rows.max(columns), rows.min(columns), |_, _| {
        f64::from(normals.draw())
    });
    // Q is uniformly distributed among the orthonormal matrices if the diagonal of R is positive (Mezzadri
    // 2007). nalgebra chooses the signs that way.
    let q = normal.qr().q();
    for (place, value) in values.iter_mut().enumerate() {
        let (row, column) = (place / columns, place % columns);
        let entry = if rows < columns {
            q[(column, row)]
        } else {
            q[(row, column)]
        };
        *value = gain * entry as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::Initializer;
    use crate::rng::Seed;

    fn check(sizes: &[usize], gain: f32) {
        let columns = *sizes.last().unwrap();
        let rows: usize = sizes.iter().rev().skip(1).product();
        let mut values = vec![f32::NAN; rows * columns];
        Initializer::Orthogonal { gain }.fill(&mut values, sizes, &mut Seed(2).rng());
        let q = DMatrix::from_row_slice(rows, columns, &values);
        let products = if rows < columns {
            &q * q.transpose()
        } else {
            q.transpose() * &q
        };
        let wanted = DMatrix::identity(products.nrows(), products.ncols()) * (gain * gain);
        assert!((products - wanted).amax() < 1e-5, "{sizes:?}");
    }

    #[test]
    fn the_shorter_side_is_orthonormal() {
        check(&[1, 1], 1.0);
        check(&[17, 3], 1.0);
        check(&[3, 17], 1.0);
        check(&[3, 3, 2, 5], 2.0);
    }

    #[test]
    fn signs_are_those_of_a_positive_diagonal() {
        // Keras multiplies the columns of Q by the signs of the diagonal of R.
        let (mut rng, mut again) = (Seed(2).rng(), Seed(2).rng());
        let mut values = [0.0; 4 * 3];
        fill(&mut values, &[4, 3], 1.0, &mut rng);
        let mut normals = Normals::new(&mut again);
        let normal = DMatrix::from_fn(4, 3, |_, _| normals.draw());
        let r = DMatrix::from_row_slice(4, 3, &values).transpose() * normal;
        assert!((0..3).all(|i| r[(i, i)] > 0.0), "{r}");
        assert!(
            (0..3).all(|i| (0..i).all(|j| r[(i, j)].abs() < 1e-5)),
            "{r}"
        );
    }
}
