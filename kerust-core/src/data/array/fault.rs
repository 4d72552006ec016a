//! The errors of arrays.

use core::fmt::{Display, Formatter};

/// The reason why an array of samples is invalid.
#[derive(Clone, PartialEq, Debug)]
pub enum ArrayFault {
    /// A list has another length than the first list of its axis.
    Ragged {
        /// Its length.
        found: usize,
        /// Its index.
        at: Vec<usize>,
        /// The length of the first list.
        expected: usize,
        /// The index of the first list.
        first: Vec<usize>,
    },
    /// The shape differs from that of the samples.
    Shape {
        /// The shape of the array.
        found: Vec<usize>,
        /// The shape of a sample.
        expected: Vec<usize>,
    },
    /// The array does not hold exactly one number for each label.
    Labels {
        /// The shape of the array.
        found: Vec<usize>,
        /// A hint how to fix it.
        help: &'static str,
    },
    /// The parts of several inputs or labels hold different numbers of samples.
    PartCounts {
        /// The index of the part, from 0.
        part: usize,
        /// The number of samples in this part.
        found: usize,
        /// The number of samples in the first part.
        expected: usize,
    },
    /// A label is not a class.
    Class {
        /// The index of the sample, from 0.
        sample: usize,
        /// The label.
        found: f64,
        /// The number of classes.
        classes: usize,
    },
    /// A label is neither 0 nor 1.
    Binary {
        /// The index of the sample, from 0.
        sample: usize,
        /// The label.
        found: f64,
    },
    /// A number is too large for `f32`.
    TooLarge {
        /// The number.
        found: f64,
        /// Its index.
        at: Vec<usize>,
    },
    /// The element type cannot hold a number.
    Element {
        /// The number.
        found: f64,
        /// Its index.
        at: Vec<usize>,
        /// The element type.
        expected: &'static str,
    },
    /// The windows do not fill a sample.
    Window {
        /// The part that is not filled: `an input`, `a label`.
        what: &'static str,
        /// The number of steps in a window.
        steps: usize,
        /// The number of values in a step.
        row: usize,
        /// The shape of a sample.
        expected: Vec<usize>,
    },
    /// The horizon of a label is 0 steps.
    Horizon,
    /// The series is shorter than one window with its label.
    Short {
        /// The number of steps in the series.
        found: usize,
        /// The number of steps that the first sample needs.
        expected: usize,
    },
}

impl Display for ArrayFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Ragged {
                found,
                at,
                expected,
                first,
            } => write!(
                f,
                "ragged: found {found} values at `{}`, expected {expected} as at `{}`",
                Index(at),
                Index(first)
            ),
            Self::Shape { found, expected } => write!(
                f,
                "have the shape ({}), expected {}",
                Sizes(found),
                Samples(expected)
            ),
            Self::Labels { found, help } => write!(
                f,
                "have the shape ({}), expected one number for each sample; {help}",
                Sizes(found)
            ),
            Self::PartCounts {
                part,
                found,
                expected,
            } => write!(
                f,
                "hold {found} samples in part {part} of the tuple, expected {expected} as in part 0"
            ),
            Self::Class {
                sample,
                found,
                classes,
            } => write!(
                f,
                "hold {found} for sample {sample}, expected a class: a whole number from 0 to {}",
                classes.saturating_sub(1)
            ),
            Self::Binary { sample, found } => write!(
                f,
                "hold {found} for sample {sample}, expected 0 or 1 for `Binary`"
            ),
            Self::TooLarge { found, at } => {
                write!(f, "hold {found:e} at `{}`, too large for `f32`", Index(at))
            }
            Self::Element {
                found,
                at,
                expected,
            } => write!(
                f,
                "hold {found} at `{}`, expected a number that `{expected}` can hold",
                Index(at)
            ),
            Self::Window {
                what,
                steps,
                row,
                expected,
            } => write!(
                f,
                "has {row} value{} for each step: {steps} steps do not fill {what} of the shape ({})",
                if *row == 1 { "" } else { "s" },
                Sizes(expected)
            ),
            Self::Horizon => {
                f.write_str("has a horizon of 0 steps, expected at least 1: the next step")
            }
            Self::Short { found, expected } => write!(
                f,
                "has {found} steps, expected at least {expected}: one window and its label"
            ),
        }
    }
}

/// `2, 3`.
struct Sizes<'a>(&'a [usize]);

impl Display for Sizes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        for (place, size) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{size}")?;
        }
        Ok(())
    }
}

/// `(_, 28, 28, 1)`: any number of samples.
struct Samples<'a>(&'a [usize]);

impl Display for Samples<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        write!(f, "(_, {})", Sizes(self.0))
    }
}

/// `[2][0]`.
struct Index<'a>(&'a [usize]);

impl Display for Index<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("[]");
        }
        self.0.iter().try_for_each(|place| write!(f, "[{place}]"))
    }
}
