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
    /// The rows from a number on that are elsewhere.
    below: &'a [i8],
    first_below: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `len` values each, which `values` has room for.
    pub const fn new(values: &'a [i8], len: usize) -> Self {
        let count = match values.len().checked_div(len) {
            Some(count) => count,
            None => 0,
        };
        Self {
            values,
            len,
            count,
            below: &[],
            first_below: usize::MAX,
        }
    }

    /// The rows from number `first` on are those of `below`.
    pub const fn below(mut self, first: usize, below: &'a [i8]) -> Self {
        (self.first_below, self.below) = (first, below);
        self
    }

    /// How many rows there is room for.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The row of that number, which is still in its place.
    #[inline(always)]
    pub fn get(&self, row: usize) -> &'a [i8] {
        // A whole image needs no division.
        let (values, place) = if row >= self.first_below {
            (self.below, row - self.first_below)
        } else if row < self.count {
            (self.values, row)
        } else {
            (self.values, row.checked_rem(self.count).unwrap_or(0))
        };
        let values = values.get(place * self.len..).unwrap_or_default();
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
        let rows = rows.below(9, &[7, 8, 9, 10]);
        assert_eq!(
            (rows.get(8), rows.get(9), rows.get(10)),
            (&[5, 6][..], &[7, 8][..], &[9, 10][..])
        );
        assert!(Rows::new(&[], 2).get(1).is_empty());
        assert!(Rows::new(&values, 0).get(1).is_empty());
    }
}
