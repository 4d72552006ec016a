//! The shape rules of layers that merge several values.

use super::rules::{Judged, addressable};
use super::{Fault, MAX_RANK, Shape};

/// `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`: keep the common shape.
///
/// # Errors
/// Two shapes that differ.
pub const fn merge(shapes: &[Shape]) -> Judged {
    let mut place = 1;
    while place < shapes.len() {
        if let Some(fault) = differ(shapes, place, MAX_RANK) {
            return Err(fault);
        }
        place += 1;
    }
    Ok(shapes[0])
}

/// `Concatenate`: adds up the sizes along `axis`, counted as in [`axis_of`].
///
/// # Errors
/// An axis that the shapes do not have, shapes that differ along another axis, or too many values.
pub const fn concatenate(shapes: &[Shape], axis: isize) -> Judged {
    let first = shapes[0];
    let Some(along) = axis_of(first, axis) else {
        return Err(Fault::Axis { axis, found: first });
    };
    let mut sizes = [1; MAX_RANK];
    let mut at = 0;
    while at < first.rank() {
        sizes[at] = first.dim(at);
        at += 1;
    }
    let mut place = 1;
    while place < shapes.len() {
        if let Some(fault) = differ(shapes, place, along) {
            return Err(fault);
        }
        sizes[along] = match sizes[along].checked_add(shapes[place].dim(along)) {
            Some(size) => size,
            None => return Err(Fault::Overflow),
        };
        place += 1;
    }
    addressable(Shape::new(sizes.split_at(first.rank()).0))
}

/// The index of `axis` among the sizes of a sample, or `None` if the shape has no such axis. As in Keras, axis 0 is the
/// batch, so that axis 1 is the first size, and -1 is the last one.
pub const fn axis_of(shape: Shape, axis: isize) -> Option<usize> {
    let rank = shape.rank() as isize;
    if axis > 0 && axis <= rank {
        Some((axis - 1) as usize)
    } else if axis < 0 && axis >= -rank {
        Some((axis + rank) as usize)
    } else {
        None
    }
}

/// How the shape at `place` differs from the first one, ignoring the axis `but`.
const fn differ(shapes: &[Shape], place: usize, but: usize) -> Option<Fault> {
    let (expected, found) = (shapes[0], shapes[place]);
    let mut axis = 0;
    let ranks = expected.rank() != found.rank();
    while axis < MAX_RANK {
        if ranks || (axis != but && expected.extent(axis) != found.extent(axis)) {
            return Some(Fault::Merge {
                expected,
                found,
                axis,
                place,
                concatenates: but < MAX_RANK,
            });
        }
        axis += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Shape = Shape::new(&[5, 7, 4]);

    #[test]
    fn concatenated_sizes_add_along_the_axis_alone() {
        let (a, b) = (Shape::new(&[5, 7, 4]), Shape::new(&[5, 7, 2]));
        assert_eq!(concatenate(&[a, b, a], -1).unwrap().dims(), [5, 7, 10]);
        assert!(matches!(
            concatenate(&[a, b], 1),
            Err(Fault::Merge {
                axis: 2,
                place: 1,
                ..
            })
        ));
    }

    #[test]
    fn axis_0_is_the_batch() {
        let (a, b) = (Shape::new(&[5, 7, 4]), Shape::new(&[2, 7, 4]));
        for axis in [1, -3] {
            assert_eq!(concatenate(&[a, b], axis).unwrap().dims(), [7, 7, 4]);
        }
        for axis in [0, 4, -4, isize::MIN, isize::MAX] {
            let fault = Err(Fault::Axis { axis, found: a });
            assert_eq!(concatenate(&[a, b], axis), fault);
        }
    }

    #[test]
    fn a_merge_says_which_axis_differs_and_by_how_much() {
        let fault = merge(&[IMAGE, IMAGE, Shape::new(&[5, 7, 16])]).unwrap_err();
        assert_eq!(
            fault.text("Add(a, b, c)", "c").as_str(),
            "`Add` takes equal shapes, found (5, 7, 4) and (5, 7, 16)\n\n\
             = note: along axis 3 the second has 12 more\n\
             = help: make both 4 or both 16, or join them by `Concatenate`"
        );
    }
}
