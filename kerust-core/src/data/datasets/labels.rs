//! Labels of an `.npz` file.

use crate::data::npy::{NpyFault, Npz, refuse};
use crate::error::Result;
use std::path::Path;

/// The class labels in the array with this name, which are below `classes`, and their number.
pub(super) fn classes_of(
    npz: &Npz,
    path: &Path,
    name: &str,
    classes: usize,
) -> Result<(Vec<u32>, usize)> {
    let labels = npz.integers(name, &[None])?;
    let class = |(index, label): (usize, &i64)| {
        let class = u32::try_from(*label)
            .ok()
            .filter(|class| (*class as usize) < classes);
        class.ok_or_else(|| {
            let fault = NpyFault::Value {
                index,
                found: format!("the label {label}"),
                expected: format!("a class below {classes}"),
            };
            refuse(path, Some(name), fault)
        })
    };
    let classes = labels.iter().enumerate().map(class);
    let classes = classes.collect::<Result<Vec<u32>>>()?;
    let count = classes.len();
    Ok((classes, count))
}
