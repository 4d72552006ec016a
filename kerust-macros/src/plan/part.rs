//! Shapes that are partly known after an error.

use super::{Form, ValueType};
use kerust_core::shape::{MAX_RANK, Shape};

impl ValueType {
    /// The rank, if it is known here.
    pub fn rank(&self) -> Option<usize> {
        match &self.form {
            Form::Sizes(sizes) => Some(sizes.len()),
            Form::Part(sizes) => Some(sizes.len()),
            Form::Typed(_) | Form::Unknown => None,
        }
    }

    /// The sizes that are known after a fault.
    pub fn known_in_part(sizes: Vec<Option<usize>>) -> Self {
        // An overflow is not reported twice.
        let sizes: Vec<Option<usize>> = sizes
            .into_iter()
            .map(|size| size.filter(|size| size >> 40 == 0))
            .collect();
        let all: Option<Vec<usize>> = sizes.iter().copied().collect();
        match all {
            _ if sizes.is_empty() || sizes.len() > MAX_RANK || sizes.contains(&Some(0)) => {
                Self::unknown()
            }
            Some(all) => Self::known(Shape::new(&all)),
            None => Self::float(Form::Part(sizes)),
        }
    }

    /// The part of the shape that is known without constants.
    pub fn in_part(&self) -> Self {
        match &self.form {
            Form::Sizes(sizes) => Self::known_in_part(sizes.iter().map(|it| it.known).collect()),
            Form::Part(sizes) => Self::known_in_part(sizes.clone()),
            Form::Typed(_) | Form::Unknown => Self::unknown(),
        }
    }

    /// A shape with the same rank for checking the next layer, if the rank is known.
    pub fn stand_in(&self) -> Option<Self> {
        const SIZE: usize = 4096;
        let sizes: Vec<usize> = match &self.form {
            Form::Sizes(sizes) => sizes.iter().map(|it| it.known.unwrap_or(SIZE)).collect(),
            Form::Part(sizes) => sizes.iter().map(|it| it.unwrap_or(SIZE)).collect(),
            Form::Typed(_) | Form::Unknown => return None,
        };
        Some(Self::known(Shape::new(&sizes)))
    }
}
