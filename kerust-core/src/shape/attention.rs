//! The shape rules of attention layers and of `Dot`.

use super::rules::{Judged, addressable};
use super::{Fault, Shape, sequence};

/// `MultiHeadAttention` over a query, (steps, C), a value and a key: keeps the shape of the query. Values and
/// keys can have a different number of steps.
///
/// # Errors
/// A wrong rank, no heads or no values per head, keys with other steps than the values, or too many values.
pub const fn multi_head_attention(
    values: &[Shape],
    num_heads: usize,
    key_dim: usize,
    value_dim: usize,
) -> Judged {
    if num_heads == 0 {
        return Err(Fault::Zero {
            argument: "num_heads",
        });
    }
    if key_dim == 0 {
        return Err(Fault::Zero {
            argument: "key_dim",
        });
    }
    if value_dim == 0 {
        return Err(Fault::Zero {
            argument: "value_dim",
        });
    }
    if let Err(fault) = attended(values) {
        return Err(fault);
    }
    let widest = if key_dim > value_dim {
        key_dim
    } else {
        value_dim
    };
    let mut place = 0;
    while place < values.len() {
        let projected = [values[place].dim(0), values[place].dim(1)];
        let mut axis = 0;
        while axis < 2 {
            let size = projected[axis];
            if let Err(fault) = addressable(Shape::new(&[size, num_heads, widest])) {
                return Err(fault);
            }
            axis += 1;
        }
        place += 1;
    }
    match addressable(Shape::new(&[num_heads, values[0].dim(0), steps(values)])) {
        Ok(_) => Ok(values[0]),
        Err(fault) => Err(fault),
    }
}

/// `MultiHeadAttention` with an `output_shape`: (steps, `features`), where `judged` is its output without one.
///
/// # Errors
/// Those of the layer, no features, or too many values.
pub const fn attention_output(judged: Judged, features: usize) -> Judged {
    match judged {
        Ok(_) if features == 0 => Err(Fault::Zero {
            argument: "output_shape",
        }),
        Ok(shape) => addressable(Shape::new(&[shape.dim(0), features])),
        judged => judged,
    }
}

/// `Attention` over a query, (steps, C), a value and a key: (steps, features of a value).
///
/// # Errors
/// A wrong rank, keys with other steps than the values or other features than the queries, or too many
/// values.
pub const fn attention(values: &[Shape]) -> Judged {
    if let Err(fault) = attended(values) {
        return Err(fault);
    }
    let (query, value) = (values[0], values[1]);
    let key = if values.len() > 2 { values[2] } else { value };
    if query.dim(1) != key.dim(1) {
        return Err(Fault::Dot {
            a: query,
            b: key,
            axes: [2, 2],
        });
    }
    match addressable(Shape::new(&[query.dim(0), value.dim(0)])) {
        Ok(_) => addressable(Shape::new(&[query.dim(0), value.dim(1)])),
        Err(fault) => Err(fault),
    }
}

/// `Dot`: the sizes of both values without the axes that are summed over. `axes` counts from 1, because 0 is
/// the batch.
///
/// # Errors
/// An axis that a value does not have, or axes with different sizes.
pub const fn dot(values: &[Shape], axes: [usize; 2]) -> Judged {
    let fault = Err(Fault::Dot {
        a: values[0],
        b: values[1],
        axes,
    });
    let mut value = 0;
    while value < 2 {
        let rank = values[value].rank();
        if axes[value] == 0 || axes[value] > rank || rank > 2 {
            return fault;
        }
        value += 1;
    }
    let [m, k, n] = dot_sizes(values, axes);
    if values[1].dim(axes[1] - 1) != k {
        return fault;
    }
    match (values[0].rank(), values[1].rank()) {
        (1, 1) => Ok(Shape::new(&[1])),
        (1, _) => Ok(Shape::new(&[n])),
        (_, 1) => Ok(Shape::new(&[m])),
        _ => addressable(Shape::new(&[m, n])),
    }
}

/// The size of the other axis of the first value, the size of the summed axis, and the size of the other axis
/// of the second value; 1 if there is no such axis.
pub const fn dot_sizes(values: &[Shape], axes: [usize; 2]) -> [usize; 3] {
    [
        other_than(values[0], axes[0]),
        values[0].extent(axes[0].saturating_sub(1)),
        other_than(values[1], axes[1]),
    ]
}

/// The size of the axis other than `axis`, which counts from 1.
const fn other_than(shape: Shape, axis: usize) -> usize {
    if shape.rank() < 2 {
        1
    } else {
        shape.extent(if axis == 1 { 1 } else { 0 })
    }
}

/// The steps of the values; in self-attention those of the queries.
const fn steps(values: &[Shape]) -> usize {
    values[if values.len() > 1 { 1 } else { 0 }].dim(0)
}

/// Whether all are sequences, and the keys have as many steps as the values.
const fn attended(values: &[Shape]) -> Result<(), Fault> {
    let mut place = 0;
    while place < values.len() {
        if let Err(fault) = sequence(values[place]) {
            return Err(fault);
        }
        place += 1;
    }
    if values.len() == 3 && values[1].dim(0) != values[2].dim(0) {
        return Err(Fault::Keys {
            values: values[1],
            keys: values[2],
        });
    }
    Ok(())
}
