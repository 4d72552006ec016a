//! The rows of an image: all of them, or the last few.

/// The rows of an image, each at its number modulo the rows that there are.
///
/// With room for the whole image it is the image. With room for as many rows as a window spans it is a
/// ring, into which a new row is written over the oldest: for an image whose rows are computed one by
/// one, or for a stream without end.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [i8],
    len: usize,
    count: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `len` values each, which `values` has room for.
    pub const fn new(values: &'a [i8], len: usize) -> Self {
        let count = match values.len().checked_div(len) {
            Some(count) => count,
            None => 0,
        };
        Self { values, len, count }
    }

    /// How many rows there is room for.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The row of that number, which is still in its place.
    #[inline(always)]
    pub fn get(&self, row: usize) -> &'a [i8] {
        // A whole image needs no division.
        let place = if row < self.count {
            row
        } else {
            row.checked_rem(self.count).unwrap_or(0)
        };
        let values = self.values.get(place * self.len..).unwrap_or_default();
        values.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_has_each_row_at_its_number_modulo_its_length() {
        let values = [1, 2, 3, 4, 5, 6];
        let rows = Rows::new(&values, 2);
        assert_eq!((rows.get(0), rows.get(2)), (&[1, 2][..], &[5, 6][..]));
        assert_eq!((rows.get(3), rows.get(7)), (&[1, 2][..], &[3, 4][..]));
        assert!(Rows::new(&[], 2).get(1).is_empty());
        assert!(Rows::new(&values, 0).get(1).is_empty());
    }
}
