//! The shape rules of layers over sequences, (steps, features).
//!
//! A sequence is treated as an image with one row, so the rules of images apply to sliding windows.

use super::rules::{Judged, addressable, rank};
use super::{Fault, MAX_RANK, Shape, Window};

/// `Conv1D`: (steps, C) → (steps, filters).
///
/// # Errors
/// The same as [`conv2d`](super::conv2d).
pub const fn conv1d(shape: Shape, filters: usize, window: Window, groups: usize) -> Judged {
    of_image(shape, super::conv2d(image(shape), filters, window, groups))
}

/// `DepthwiseConv1D`: (steps, C) → (steps, C · multiplier).
///
/// # Errors
/// The same as [`depthwise_conv2d`](super::depthwise_conv2d).
pub const fn depthwise_conv1d(shape: Shape, multiplier: usize, window: Window) -> Judged {
    of_image(
        shape,
        super::depthwise_conv2d(image(shape), multiplier, window),
    )
}

/// `SeparableConv1D`: (steps, C) → (steps, filters).
///
/// # Errors
/// The same as [`separable_conv2d`](super::separable_conv2d).
pub const fn separable_conv1d(
    shape: Shape,
    filters: usize,
    multiplier: usize,
    window: Window,
) -> Judged {
    of_image(
        shape,
        super::separable_conv2d(image(shape), filters, multiplier, window),
    )
}

/// `Conv1DTranspose`: (steps, C) → (steps, filters).
///
/// # Errors
/// The same as [`conv2d_transpose`](super::conv2d_transpose).
pub const fn conv1d_transpose(shape: Shape, filters: usize, window: Window) -> Judged {
    of_image(
        shape,
        super::conv2d_transpose(image(shape), filters, window),
    )
}

/// `MaxPooling1D` and `AveragePooling1D`: (steps, C) → (steps, C).
///
/// # Errors
/// The same as [`pooling2d`](super::pooling2d).
pub const fn pooling1d(shape: Shape, window: Window) -> Judged {
    of_image(shape, super::pooling2d(image(shape), window))
}

/// `GlobalMaxPooling1D` and `GlobalAveragePooling1D`: (steps, C) → (C).
///
/// # Errors
/// A wrong rank.
pub const fn global_pooling1d(shape: Shape) -> Judged {
    match sequence(shape) {
        Ok(shape) => Ok(Shape::new(&[shape.dim(1)])),
        Err(fault) => Err(fault),
    }
}

/// `ZeroPadding1D`: (steps, C) → (before + steps + after, C).
///
/// # Errors
/// A wrong rank, or too many values.
pub const fn zero_padding1d(shape: Shape, padding: [usize; 2]) -> Judged {
    match sequence(shape) {
        Ok(shape) => addressable(Shape::new(&[
            shape
                .dim(0)
                .saturating_add(padding[0])
                .saturating_add(padding[1]),
            shape.dim(1),
        ])),
        Err(fault) => Err(fault),
    }
}

/// `Cropping1D`: (steps, C) → (steps − before − after, C).
///
/// # Errors
/// A wrong rank, or no steps left.
pub const fn cropping1d(shape: Shape, cropping: [usize; 2]) -> Judged {
    let shape = match sequence(shape) {
        Ok(shape) => shape,
        Err(fault) => return Err(fault),
    };
    let cut = cropping[0].saturating_add(cropping[1]);
    if cut >= shape.dim(0) {
        return Err(Fault::Cropping {
            cropping,
            axis: 0,
            found: shape,
        });
    }
    Ok(Shape::new(&[shape.dim(0) - cut, shape.dim(1)]))
}

/// `UpSampling1D`: (steps, C) → (steps · size, C).
///
/// # Errors
/// A wrong rank, a size of 0, or too many values.
pub const fn up_sampling1d(shape: Shape, size: usize) -> Judged {
    of_image(shape, super::up_sampling2d(image(shape), [1, size]))
}

/// `RepeatVector`: (C) → (n, C).
///
/// # Errors
/// A wrong rank, no steps, or too many values.
pub const fn repeat_vector(shape: Shape, n: usize) -> Judged {
    if n == 0 {
        return Err(Fault::Zero { argument: "n" });
    }
    if shape.rank() != 1 {
        return Err(rank(shape, 1));
    }
    addressable(Shape::new(&[n, shape.dim(0)]))
}

/// `Permute`: the dimensions in the order of `dims`, which counts from 1.
///
/// # Errors
/// An order that does not name each dimension exactly once.
pub const fn permute(shape: Shape, dims: &[usize]) -> Judged {
    let mut sizes = [1; MAX_RANK];
    let mut seen = [false; MAX_RANK];
    let fault = Err(Fault::Permutation { found: shape });
    if dims.len() != shape.rank() {
        return fault;
    }
    let mut axis = 0;
    while axis < dims.len() {
        let dim = dims[axis].wrapping_sub(1);
        if dim >= shape.rank() || seen[dim] {
            return fault;
        }
        seen[dim] = true;
        sizes[axis] = shape.dim(dim);
        axis += 1;
    }
    Ok(Shape::new(sizes.split_at(dims.len()).0))
}

/// `SimpleRNN`, `LSTM` and `GRU`: (steps, C) → (units), or (steps, units) with `return_sequences`.
///
/// # Errors
/// A wrong rank, no units, or too many values.
pub const fn recurrent(shape: Shape, units: usize, gates: usize, return_sequences: bool) -> Judged {
    if units == 0 {
        return Err(Fault::Zero { argument: "units" });
    }
    let shape = match sequence(shape) {
        Ok(shape) => shape,
        Err(fault) => return Err(fault),
    };
    let columns = units.saturating_mul(gates);
    let kernels = [shape.dim(1), units];
    let mut kernel = 0;
    while kernel < kernels.len() {
        if let Err(fault) = addressable(Shape::new(&[kernels[kernel], columns])) {
            return Err(fault);
        }
        kernel += 1;
    }
    if return_sequences {
        addressable(Shape::new(&[shape.dim(0), units]))
    } else {
        Ok(Shape::new(&[units]))
    }
}

/// `Bidirectional`: the shape of a recurrent layer, with twice the features if both directions are
/// concatenated.
///
/// # Errors
/// The same as [`recurrent`].
pub const fn bidirectional(
    shape: Shape,
    units: usize,
    gates: usize,
    return_sequences: bool,
    joins: bool,
) -> Judged {
    let shape = match recurrent(shape, units, gates, return_sequences) {
        Ok(shape) if joins => shape,
        judged => return judged,
    };
    let features = shape.last().saturating_mul(2);
    if return_sequences {
        addressable(Shape::new(&[shape.dim(0), features]))
    } else {
        addressable(Shape::new(&[features]))
    }
}

/// `TimeDistributed`: (steps, ..) → (steps, ..), where `inner` is the output shape of the layer for one step.
///
/// # Errors
/// The errors of the layer, or too many dimensions or values.
pub const fn time_distributed(shape: Shape, inner: Judged) -> Judged {
    let inner = match inner {
        Ok(inner) => inner,
        Err(fault) => return Err(fault),
    };
    if shape.rank() < 2 || inner.rank() >= MAX_RANK {
        return Err(rank(shape, 2));
    }
    let mut sizes = [1; MAX_RANK];
    sizes[0] = shape.dim(0);
    let mut axis = 0;
    while axis < inner.rank() {
        sizes[axis + 1] = inner.dim(axis);
        axis += 1;
    }
    addressable(Shape::new(sizes.split_at(inner.rank() + 1).0))
}

/// The shape of one step: the shape without the first size.
pub const fn step(shape: Shape) -> Shape {
    match shape.dims() {
        [_, step @ ..] if !step.is_empty() => Shape::new(step),
        _ => shape,
    }
}

/// `PositionEmbedding`: keeps the shape of a sequence with at most `sequence_length` steps.
///
/// # Errors
/// A wrong rank, no positions, or more steps than positions.
pub const fn position_embedding(shape: Shape, sequence_length: usize) -> Judged {
    if sequence_length == 0 {
        return Err(Fault::Zero {
            argument: "sequence_length",
        });
    }
    let shape = match sequence(shape) {
        Ok(shape) => shape,
        Err(fault) => return Err(fault),
    };
    if sequence_length < shape.dim(0) {
        return Err(Fault::Positions {
            sequence_length,
            found: shape,
        });
    }
    match addressable(Shape::new(&[sequence_length, shape.dim(1)])) {
        Ok(_) => Ok(shape),
        Err(fault) => Err(fault),
    }
}

/// A layer that keeps the shape of a sequence.
///
/// # Errors
/// A wrong rank.
pub const fn sequence(shape: Shape) -> Judged {
    if shape.rank() == 2 {
        Ok(shape)
    } else {
        Err(rank(shape, 2))
    }
}

/// The maximum size of a vocabulary: the number of `u16` values.
pub const MAX_VOCABULARY: usize = 1 << u16::BITS;

/// `Embedding`: (T) tokens → (T, output_dim).
///
/// # Errors
/// A wrong rank, a vocabulary that is empty or too large, no output features, or too many values.
pub const fn embedding(shape: Shape, input_dim: usize, output_dim: usize) -> Judged {
    if input_dim == 0 {
        return Err(Fault::Zero {
            argument: "input_dim",
        });
    }
    if output_dim == 0 {
        return Err(Fault::Zero {
            argument: "output_dim",
        });
    }
    if input_dim > MAX_VOCABULARY {
        return Err(Fault::Vocabulary { found: input_dim });
    }
    if shape.rank() != 1 {
        return Err(Fault::Tokens { found: shape });
    }
    match addressable(Shape::new(&[input_dim, output_dim])) {
        Ok(_) => addressable(Shape::new(&[shape.dim(0), output_dim])),
        Err(fault) => Err(fault),
    }
}

/// The sequence as an image with one row. For another rank, an arbitrary image.
const fn image(shape: Shape) -> Shape {
    Shape::new(&[1, shape.extent(0), shape.extent(1)])
}

/// Converts the result of an image rule into the result for a sequence.
const fn of_image(shape: Shape, judged: Judged) -> Judged {
    match judged {
        Err(fault) if fault.is_own() => Err(fault),
        _ if shape.rank() != 2 => Err(rank(shape, 2)),
        Ok(image) => Ok(Shape::new(&[image.dim(1), image.dim(2)])),
        Err(Fault::Window {
            argument,
            size,
            span,
            ..
        }) => Err(Fault::Window {
            argument,
            size,
            span,
            found: shape,
        }),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Padding;

    const STEPS: Shape = Shape::new(&[7, 3]);

    const fn window(size: usize, strides: usize, dilation: usize, padding: Padding) -> Window {
        Window {
            size: [1, size],
            strides: [1, strides],
            padding,
            dilation: [1, dilation],
        }
    }

    #[test]
    fn paddings_give_the_steps_of_keras() {
        for (size, strides, dilation, padding, steps) in [
            (3, 1, 1, Padding::Valid, 5),
            (3, 2, 1, Padding::Valid, 3),
            (3, 1, 2, Padding::Valid, 3),
            (3, 2, 1, Padding::Same, 4),
            (3, 1, 4, Padding::Causal, 7),
            (3, 3, 1, Padding::Causal, 3),
        ] {
            let window = window(size, strides, dilation, padding);
            assert_eq!(conv1d(STEPS, 5, window, 1).unwrap().dims(), [steps, 5]);
        }
    }

    #[test]
    fn a_long_kernel_is_told_in_steps() {
        let fault = conv1d(STEPS, 5, window(9, 1, 1, Padding::Valid), 1).unwrap_err();
        assert_eq!(
            fault.text("Conv1D(5, 9)", "Input(7, 3)").as_str(),
            "kernel 9 does not fit 7 steps under `valid` padding\n\n\
             = note: (7, 3) is the output of `Input(7, 3)`\n\
             = help: write `same`, or a kernel of at most 7"
        );
    }

    #[test]
    fn a_last_state_before_a_recurrent_layer_names_return_sequences() {
        let fault = recurrent(Shape::new(&[16]), 8, 4, false).unwrap_err();
        assert_eq!(
            fault.text("LSTM(8)", "LSTM(16)").as_str(),
            "`LSTM` takes a rank-2 input, found (16)\n\n\
             = note: (16) is the output of `LSTM(16)`\n\
             = help: let the layer before it return the output of every step: \
             `LSTM(16, return_sequences = true)`"
        );
    }

    #[test]
    fn a_permutation_names_each_dimension_once() {
        let image = Shape::new(&[5, 7, 4]);
        assert_eq!(permute(image, &[3, 1, 2]).unwrap().dims(), [4, 5, 7]);
        for dims in [&[1, 2][..], &[1, 1, 2], &[0, 1, 2], &[1, 2, 4]] {
            assert!(permute(image, dims).is_err());
        }
    }
}
