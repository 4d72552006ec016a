//! The rules of the convolutions.

use super::rules::{Judged, addressable, image, slide};
use super::{Fault, Padding, Shape, Window};

/// `Conv2D`: (H, W, C) → (rows, columns, filters).
///
/// # Errors
/// A wrong rank, a size of 0, a window that does not fit, groups that do not divide the channels, strides
/// together with dilation, or too many values.
pub const fn conv2d(shape: Shape, filters: usize, window: Window, groups: usize) -> Judged {
    if filters == 0 {
        return Err(Fault::Zero {
            argument: "filters",
        });
    }
    if groups == 0 {
        return Err(Fault::Zero { argument: "groups" });
    }
    let [height, width] = match slide(shape, window, "kernel_size") {
        Ok(size) => size,
        Err(fault) => return Err(fault),
    };
    let [rows, columns] = window.dilation;
    if (rows > 1 || columns > 1) && (window.strides[0] > 1 || window.strides[1] > 1) {
        return Err(Fault::StridesWithDilation);
    }
    if !shape.dim(2).is_multiple_of(groups) {
        return Err(groups_of(groups, shape.dim(2), "input channels"));
    }
    if !filters.is_multiple_of(groups) {
        return Err(groups_of(groups, filters, "filters"));
    }
    let [rows, columns] = window.size;
    let kernel = Shape::new(&[rows, columns, shape.dim(2) / groups, filters]);
    match addressable(kernel) {
        Ok(_) => addressable(Shape::new(&[height, width, filters])),
        Err(fault) => Err(fault),
    }
}

/// `DepthwiseConv2D`: (H, W, C) → (rows, columns, C · multiplier).
///
/// # Errors
/// A wrong rank, a size of 0, a window that does not fit, strides together with dilation, or too many values.
pub const fn depthwise_conv2d(shape: Shape, multiplier: usize, window: Window) -> Judged {
    if multiplier == 0 {
        return Err(Fault::Zero {
            argument: "depth_multiplier",
        });
    }
    let [height, width] = match slide(shape, window, "kernel_size") {
        Ok(size) => size,
        Err(fault) => return Err(fault),
    };
    let [rows, columns] = window.dilation;
    if (rows > 1 || columns > 1) && (window.strides[0] > 1 || window.strides[1] > 1) {
        return Err(Fault::StridesWithDilation);
    }
    match shape.dim(2).checked_mul(multiplier) {
        Some(channels) => addressable(Shape::new(&[height, width, channels])),
        None => Err(Fault::Overflow),
    }
}

/// `SeparableConv2D`: (H, W, C) → (rows, columns, filters).
///
/// # Errors
/// Those of `DepthwiseConv2D`, or no filters.
pub const fn separable_conv2d(
    shape: Shape,
    filters: usize,
    multiplier: usize,
    window: Window,
) -> Judged {
    if filters == 0 {
        return Err(Fault::Zero {
            argument: "filters",
        });
    }
    match depthwise_conv2d(shape, multiplier, window) {
        Ok(depthwise) => addressable(Shape::new(&[depthwise.dim(0), depthwise.dim(1), filters])),
        Err(fault) => Err(fault),
    }
}

/// `Conv2DTranspose`: (H, W, C) → (rows, columns, filters). Each input belongs to a window of the output.
///
/// # Errors
/// A wrong rank, a size of 0, or too many values.
pub const fn conv2d_transpose(shape: Shape, filters: usize, window: Window) -> Judged {
    if filters == 0 {
        return Err(Fault::Zero {
            argument: "filters",
        });
    }
    if window.size[0] == 0 || window.size[1] == 0 {
        return Err(Fault::Zero {
            argument: "kernel_size",
        });
    }
    if window.strides[0] == 0 || window.strides[1] == 0 {
        return Err(Fault::Zero {
            argument: "strides",
        });
    }
    let shape = match image(shape) {
        Ok(shape) => shape,
        Err(fault) => return Err(fault),
    };
    let mut sizes = [0; 2];
    let mut axis = 0;
    while axis < 2 {
        let strided = shape.dim(axis).saturating_mul(window.strides[axis]);
        let beyond = window.size[axis].saturating_sub(window.strides[axis]);
        sizes[axis] = match window.padding {
            Padding::Same | Padding::Causal => strided,
            Padding::Valid => strided.saturating_add(beyond),
        };
        axis += 1;
    }
    if !window.fits([sizes[0], sizes[1], 1]) {
        return Err(Fault::Overflow);
    }
    addressable(Shape::new(&[sizes[0], sizes[1], filters]))
}

const fn groups_of(groups: usize, count: usize, of: &'static str) -> Fault {
    Fault::Groups { groups, count, of }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_window_shrinks_the_image() {
        let window = Window {
            size: [3, 3],
            strides: [1, 1],
            padding: Padding::Valid,
            dilation: [1, 1],
        };
        let shape = conv2d(Shape::new(&[5, 7, 4]), 6, window, 1).unwrap();
        assert_eq!(shape.dims(), [3, 5, 6]);
    }
}
