//! The shape rules: the output shape of each layer, or an error.

use super::{Fault, MAX_RANK, Padding, Shape, Window};

pub(super) type Judged = Result<Shape, Fault>;

/// `Input`.
///
/// # Errors
/// A size of 0, or too many values.
pub const fn input(shape: Shape) -> Judged {
    let mut axis = 0;
    while axis < shape.rank() {
        if shape.dim(axis) == 0 {
            return Err(Fault::Zero { argument: "shape" });
        }
        axis += 1;
    }
    addressable(shape)
}

/// A layer that keeps every shape.
///
/// # Errors
/// None.
pub const fn elementwise(shape: Shape) -> Judged {
    Ok(shape)
}

/// `Dense`: (IN) → (units), and (steps, IN) → (steps, units).
///
/// # Errors
/// A wrong rank, no units, or too many values.
pub const fn dense(shape: Shape, units: usize) -> Judged {
    if units == 0 {
        return Err(Fault::Zero { argument: "units" });
    }
    if shape.rank() != 1 && shape.rank() != 2 {
        return Err(Fault::Features { found: shape });
    }
    match addressable(Shape::new(&[shape.last(), units])) {
        Ok(_) if shape.rank() == 1 => Ok(Shape::new(&[units])),
        Ok(_) => addressable(Shape::new(&[shape.dim(0), units])),
        Err(fault) => Err(fault),
    }
}

/// `Dense` after a layer whose rank is known to rustc only: (IN) → (units).
///
/// # Errors
/// A wrong rank, no units, or too many values.
pub const fn dense_of_vector(shape: Shape, units: usize) -> Judged {
    match dense(shape, units) {
        Ok(_) if shape.rank() != 1 => Err(rank(shape, 1)),
        judged => judged,
    }
}

/// `ZeroPadding2D`: (H, W, C) → (top + H + bottom, left + W + right, C).
///
/// # Errors
/// A wrong rank, or too many values.
pub const fn zero_padding2d(shape: Shape, padding: [[usize; 2]; 2]) -> Judged {
    let shape = match image(shape) {
        Ok(shape) => shape,
        Err(fault) => return Err(fault),
    };
    let [rows, columns] = padding;
    let height = shape.dim(0).saturating_add(rows[0]).saturating_add(rows[1]);
    let width = shape.dim(1).saturating_add(columns[0]);
    let width = width.saturating_add(columns[1]);
    addressable(Shape::new(&[height, width, shape.dim(2)]))
}

/// `Cropping2D`: (H, W, C) → (H − top − bottom, W − left − right, C).
///
/// # Errors
/// Another rank, or no row or column that is left.
pub const fn cropping2d(shape: Shape, cropping: [[usize; 2]; 2]) -> Judged {
    let shape = match image(shape) {
        Ok(shape) => shape,
        Err(fault) => return Err(fault),
    };
    let (mut sizes, mut axis) = ([0, 0, shape.dim(2)], 0);
    while axis < 2 {
        let cut = cropping[axis][0].saturating_add(cropping[axis][1]);
        if cut >= shape.dim(axis) {
            return Err(Fault::Cropping {
                cropping: cropping[axis],
                axis,
                found: shape,
            });
        }
        sizes[axis] = shape.dim(axis) - cut;
        axis += 1;
    }
    Ok(Shape::new(&sizes))
}

/// `UpSampling2D`: (H, W, C) → (H · rows, W · columns, C).
///
/// # Errors
/// A wrong rank, a size of 0, or too many values.
pub const fn up_sampling2d(shape: Shape, size: [usize; 2]) -> Judged {
    if size[0] == 0 || size[1] == 0 {
        return Err(Fault::Zero { argument: "size" });
    }
    let shape = match image(shape) {
        Ok(shape) => shape,
        Err(fault) => return Err(fault),
    };
    let rows = shape.dim(0).saturating_mul(size[0]);
    let columns = shape.dim(1).saturating_mul(size[1]);
    addressable(Shape::new(&[rows, columns, shape.dim(2)]))
}

/// `MaxPooling2D` and `AveragePooling2D`: (H, W, C) → (rows, columns, C).
///
/// # Errors
/// A wrong rank, a size of 0, or a window that does not fit.
pub const fn pooling2d(shape: Shape, window: Window) -> Judged {
    match slide(shape, window, "pool_size") {
        Ok([height, width]) => Ok(Shape::new(&[height, width, shape.dim(2)])),
        Err(fault) => Err(fault),
    }
}

/// `GlobalAveragePooling2D`: (H, W, C) → (C).
///
/// # Errors
/// A wrong rank.
pub const fn global_pooling2d(shape: Shape) -> Judged {
    match image(shape) {
        Ok(shape) => Ok(Shape::new(&[shape.dim(2)])),
        Err(fault) => Err(fault),
    }
}

/// A layer that keeps the shape of an image: `RandomFlip`.
///
/// # Errors
/// A wrong rank.
pub const fn image(shape: Shape) -> Judged {
    if shape.rank() == 3 {
        Ok(shape)
    } else {
        Err(rank(shape, 3))
    }
}

/// `Flatten`: all values as one vector.
///
/// # Errors
/// None.
pub const fn flatten(shape: Shape) -> Judged {
    Ok(Shape::new(&[shape.len()]))
}

/// `Reshape`: the same values with the sizes of `target`. One size can be -1, and is then inferred from the
/// others.
///
/// # Errors
/// A size of 0, or another number of values.
pub const fn reshape(shape: Shape, target: &[isize]) -> Judged {
    let (mut product, mut open) = (1usize, MAX_RANK);
    let mut sizes = [1; MAX_RANK];
    let mut axis = 0;
    while axis < target.len() {
        if target[axis] == -1 {
            open = axis;
        } else if target[axis] <= 0 {
            return Err(Fault::Zero {
                argument: "target_shape",
            });
        } else {
            sizes[axis] = target[axis].unsigned_abs();
            product = match product.checked_mul(sizes[axis]) {
                Some(product) => product,
                None => return Err(Fault::Overflow),
            };
        }
        axis += 1;
    }
    let missing = open < MAX_RANK;
    let fits = if missing {
        shape.len().is_multiple_of(product)
    } else {
        shape.len() == product
    };
    if !fits {
        return Err(Fault::Reshape {
            found: shape,
            product,
            open: missing,
        });
    }
    if missing {
        sizes[open] = shape.len() / product;
    }
    Ok(Shape::new(sizes.split_at(target.len()).0))
}

/// `Resizing`: (H, W, C) → (height, width, C).
///
/// # Errors
/// A wrong rank, a size of 0, or too many values.
pub const fn resizing(shape: Shape, height: usize, width: usize) -> Judged {
    if height == 0 {
        return Err(Fault::Zero { argument: "height" });
    }
    if width == 0 {
        return Err(Fault::Zero { argument: "width" });
    }
    match image(shape) {
        Ok(shape) => addressable(Shape::new(&[height, width, shape.dim(2)])),
        Err(fault) => Err(fault),
    }
}

/// The numbers that are valid for an argument, as in Keras.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bounds {
    /// Every finite number.
    Finite,
    /// At least 0.
    NotNegative,
    /// Above 0.
    Positive,
    /// 0 to 1.
    Share,
    /// 0 to below 1.
    ShareBelow1,
    /// -1 to 1, fractions of a full turn.
    Turn,
}

impl Bounds {
    /// The numbers, in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Finite => "a finite number",
            Self::NotNegative => "a finite number of at least 0",
            Self::Positive => "a finite number above 0",
            Self::Share => "a fraction from 0 to 1",
            Self::ShareBelow1 => "a fraction from 0 to below 1",
            Self::Turn => "a fraction from -1 to 1",
        }
    }
}

/// A number of an argument: keeps the shape.
///
/// # Errors
/// A number outside of the bounds, an infinite number, or NaN.
pub const fn within(shape: Shape, argument: &'static str, number: f32, bounds: Bounds) -> Judged {
    let fits = match bounds {
        Bounds::Finite => true,
        Bounds::NotNegative => number >= 0.0,
        Bounds::Positive => number > 0.0,
        Bounds::Share => number >= 0.0 && number <= 1.0,
        Bounds::ShareBelow1 => number >= 0.0 && number < 1.0,
        Bounds::Turn => number >= -1.0 && number <= 1.0,
    };
    if fits && number.is_finite() {
        Ok(shape)
    } else {
        Err(Fault::Bounds { argument, bounds })
    }
}

/// `RandomRotation`: keeps the shape of an image. The ends are fractions of a full turn.
///
/// # Errors
/// A wrong rank, or a lower end above the upper end.
pub const fn rotation(shape: Shape, lower: f32, upper: f32) -> Judged {
    if lower > upper {
        return Err(Fault::Range);
    }
    image(shape)
}

/// `GroupNormalization`: keeps the shape.
///
/// # Errors
/// No groups, or groups that do not divide the axis, which is counted from 0 without the batch.
pub const fn group_normalization(shape: Shape, axis: usize, groups: usize) -> Judged {
    if groups == 0 {
        return Err(Fault::Zero { argument: "groups" });
    }
    let count = shape.extent(axis);
    if !count.is_multiple_of(groups) {
        return Err(Fault::Groups {
            groups,
            count,
            of: "channels",
        });
    }
    Ok(shape)
}

pub(super) const fn rank(found: Shape, expected: usize) -> Fault {
    Fault::Rank { found, expected }
}

/// The rows and columns of the output of a sliding window.
pub(super) const fn slide(
    shape: Shape,
    window: Window,
    argument: &'static str,
) -> Result<[usize; 2], Fault> {
    if window.size[0] == 0 || window.size[1] == 0 {
        return Err(Fault::Zero { argument });
    }
    if window.strides[0] == 0 || window.strides[1] == 0 {
        return Err(Fault::Zero {
            argument: "strides",
        });
    }
    if window.dilation[0] == 0 || window.dilation[1] == 0 {
        return Err(Fault::Zero {
            argument: "dilation_rate",
        });
    }
    let [height, width] = match image(shape) {
        Ok(shape) => [shape.dim(0), shape.dim(1)],
        Err(fault) => return Err(fault),
    };
    let span = window.span();
    if matches!(window.padding, Padding::Valid) && (span[0] > height || span[1] > width) {
        return Err(Fault::Window {
            argument,
            size: window.size,
            span,
            found: shape,
        });
    }
    // For one channel; the number of channels can be symbolic, and the output is judged by itself.
    if !window.fits([height, width, 1]) {
        return Err(Fault::Overflow);
    }
    Ok(window.output(height, width))
}

/// Checks that the length in bytes of a buffer with this shape fits `usize`.
pub(super) const fn addressable(shape: Shape) -> Judged {
    match shape.checked_len() {
        Some(len) if len <= isize::MAX as usize / size_of::<f32>() => Ok(shape),
        _ => Err(Fault::Overflow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Shape = Shape::new(&[5, 7, 4]);

    #[test]
    fn a_same_window_may_be_larger_than_the_image() {
        let window = Window {
            size: [9, 9],
            strides: [1, 1],
            padding: Padding::Same,
            dilation: [1, 1],
        };
        let shape = pooling2d(IMAGE, window).unwrap();
        assert_eq!(shape, IMAGE);
    }

    #[test]
    fn the_open_size_of_a_reshape_follows() {
        assert_eq!(reshape(IMAGE, &[2, -1]).unwrap().dims(), [2, 70]);
        assert!(reshape(IMAGE, &[3, -1]).is_err());
    }

    #[test]
    fn a_fault_says_found_expected_and_help() {
        let fault = dense(IMAGE, 3).unwrap_err();
        assert_eq!(
            fault.text("Dense(3, relu)", "Conv2D(4, 3x3)").as_str(),
            "`Dense` takes a rank-1 or rank-2 input, found (5, 7, 4)\n\n\
             = note: (5, 7, 4) is the output of `Conv2D(4, 3x3)`\n\
             = help: flatten it first: `=> Flatten => Dense(3, relu)`\n\
             = help: or average over the pixels: `=> GlobalAveragePooling2D => Dense(3, relu)`\n\
             = help: or apply it to each pixel, as `Conv2D(n, 1x1)`"
        );
    }

    #[test]
    fn sizes_beyond_memory_are_refused() {
        assert_eq!(input(Shape::new(&[usize::MAX, 2])), Err(Fault::Overflow));
    }
}
