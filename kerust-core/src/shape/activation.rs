//! The shape rules of activations that run over the last axis.

use super::rules::Judged;
use super::{Fault, MAX_RANK, Shape};

/// `softmax` over the last axis: keeps the shape.
///
/// # Errors
/// A last axis with one value.
pub const fn softmax(shape: Shape) -> Judged {
    if shape.last() == 1 {
        return Err(Fault::SingleSoftmax);
    }
    Ok(shape)
}

/// `glu`: halves the last axis.
///
/// # Errors
/// A last axis with an odd number of values.
pub const fn glu(shape: Shape) -> Judged {
    let last = shape.last();
    if !last.is_multiple_of(2) {
        return Err(Fault::Odd { found: shape });
    }
    let mut sizes = [1; MAX_RANK];
    let mut axis = 0;
    while axis < shape.rank() {
        sizes[axis] = shape.dim(axis);
        axis += 1;
    }
    sizes[shape.rank() - 1] = last / 2;
    Ok(Shape::new(sizes.split_at(shape.rank()).0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glu_halves_the_last_axis() {
        assert_eq!(glu(Shape::new(&[5, 3, 8])).unwrap().dims(), [5, 3, 4]);
        let fault = glu(Shape::new(&[5, 7])).unwrap_err();
        assert_eq!(
            fault.text("Activation(glu)", "Dense(7)").as_str(),
            "`glu` halves the last axis, found 7 values along it\n\n\
             = note: (5, 7) is the output of `Dense(7)`\n\
             = help: give it an even number, such as 8"
        );
    }
}
