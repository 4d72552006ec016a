//! `ZeroPadding`.

use super::Rows;

/// An image in a frame, channels last. Input and output have the same quantization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pad {
    /// Height, width and channels of an image.
    pub input: [usize; 3],
    /// Rows before and after, columns before and after.
    pub padding: [[usize; 2]; 2],
    /// What the frame is filled with: the zero point.
    pub value: i8,
}

impl Pad {
    /// Computes every image that there is.
    pub fn forward(&self, x: &[i8], y: &mut [i8]) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.output();
        let (x_len, y_row) = (height * width * channels, columns * channels);
        check!(
            x.len() * rows * y_row == y.len() * x_len,
            "as many output images as input images"
        );
        let mut images = x.chunks_exact(x_len.max(1));
        for y in y.chunks_exact_mut((rows * y_row).max(1)) {
            let x = Rows::new(images.next().unwrap_or_default(), width * channels);
            for (i, y) in y.chunks_exact_mut(y_row.max(1)).enumerate() {
                self.row(x, i, y);
            }
        }
    }

    /// Row `i` of an image's output, from the row of the input that it shows.
    pub fn row(&self, x: Rows<'_>, i: usize, y: &mut [i8]) {
        y.fill(self.value);
        let [[above, _], [left, _]] = self.padding;
        if let Some(i) = i.checked_sub(above).filter(|i| *i < self.input[0]) {
            let y = y.get_mut(left * self.input[2]..).unwrap_or_default();
            let pairs = y.iter_mut().zip(x.get(i));
            pairs.for_each(|(y, x)| *y = *x);
        }
    }

    /// Rows and columns of the output.
    pub const fn output(&self) -> [usize; 2] {
        let ([height, width, _], [[above, below], [left, right]]) = (self.input, self.padding);
        [above + height + below, left + width + right]
    }
}
