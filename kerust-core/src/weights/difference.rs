//! Differences between a file and a model.

use super::embed::{MOST_AXES, MOST_NEAR};
use super::fault::{self, Text};
use super::json::Unescaped;
use super::name::{Name, distance};
use super::section::Entry;
use crate::element::Dtype;
use core::fmt::{Display, Formatter};
use std::collections::{HashMap, HashSet};

/// A difference between the contents of a file and a model.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Difference {
    /// The first layer that differs; `None` if one side has no more layers.
    Layer {
        /// The layer in the file: `dense: Dense(5, relu) (4) -> (5)`.
        found: Option<String>,
        /// The layer of the model.
        expected: Option<String>,
    },
    /// A tensor has another name.
    Name {
        /// The name in the file.
        found: String,
        /// The name in the model.
        expected: String,
    },
    /// A tensor is missing in the file.
    Missing {
        /// The tensor's name.
        name: String,
        /// Its shape.
        expected: Vec<usize>,
    },
    /// A tensor of the file does not occur in the model.
    Surplus {
        /// The tensor's name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// A layer has another number of tensors, in a file without tensor names.
    Tensors {
        /// The layer's name.
        layer: String,
        /// The number of tensors in the file.
        found: usize,
        /// The names of the tensors in the model.
        expected: Vec<String>,
    },
    /// A tensor has another shape.
    Shape {
        /// The tensor's name.
        name: String,
        /// Its name in the file, if it differs.
        stored: Option<String>,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape in the model.
        expected: Vec<usize>,
    },
    /// A number cannot be converted to the model's element type.
    Number {
        /// The tensor's name.
        name: String,
        /// The number.
        found: String,
        /// The element type in the model.
        expected: Dtype,
    },
    /// A number of an 8-bit model is out of range.
    Value {
        /// The tensor's name.
        name: String,
        /// What it holds, and what was expected.
        found: String,
    },
    /// A tensor has another element type.
    Dtype {
        /// The tensor's name.
        name: String,
        /// Its name in the file, if it differs.
        stored: Option<String>,
        /// The element type in the file.
        found: String,
        /// The element type in the model.
        expected: Dtype,
    },
    /// A layer could correspond to several layers in the file.
    Ambiguous {
        /// The layer's name.
        layer: String,
        /// The possible layers in the file.
        candidates: Vec<String>,
        /// The reason why it is ambiguous.
        why: &'static str,
    },
}

impl Difference {
    /// Whether the values can be converted on request, although their type differs.
    pub(super) fn is_convertible(&self) -> bool {
        matches!(self, Self::Dtype { stored: None, found, expected: Dtype::F32, .. }
            if super::embed::is_convertible(found))
    }
}

/// The properties of a tensor in a file that are compared.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) dtype: &'static str,
    /// The sizes. Of a tensor with many axes, only as many as distinguish it from all tensors of a model.
    pub(super) sizes: Vec<usize>,
    /// The offset of its values in the file's data.
    pub(super) begin: u64,
    /// The size of its values in bytes.
    pub(super) bytes: usize,
}

impl Found {
    /// More axes than a model's tensors have.
    pub(super) const MOST_SIZES: usize = MOST_AXES + 1;

    /// Whether it fits `entry` with a conversion.
    fn is_convertible(&self, entry: &Entry) -> bool {
        entry.dtype == Dtype::F32 && super::embed::is_convertible(self.dtype)
    }
}

/// All differences between the expected tensors and those in a file, which are in the order of the file.
pub(super) fn tensor_differences(
    expected: &[Entry],
    found: &[&Found],
    is_converted: bool,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut missing = Vec::new();
    let mut surplus: Vec<_> = found.to_vec();
    let places: HashMap<_, _> = found.iter().map(|found| (&*found.name, *found)).collect();
    for entry in expected {
        match places.get(&*entry.name) {
            Some(found) => differences.extend(difference(entry, found, is_converted)),
            None => missing.push(entry),
        }
    }
    let names: HashSet<_> = expected.iter().map(|entry| &*entry.name).collect();
    surplus.retain(|found| !names.contains(&*found.name));
    let is_searched = surplus.len() <= MOST_NEAR;
    for entry in missing {
        // A missing tensor and a surplus one with the same shape and a similar name are reported as one
        // difference.
        let name = Name {
            before: None,
            own: &entry.name,
        };
        let most = entry.name.len() / 2 + 1;
        let distance = |found: &Found| distance(Unescaped::plain(&found.name), &name, most);
        let nearest = (0..surplus.len())
            .filter(|place| is_searched && surplus[*place].sizes == entry.sizes)
            .map(|place| (distance(surplus[place]), place))
            .filter(|(distance, _)| *distance < most)
            .min();
        differences.push(match nearest {
            Some((_, place)) => Difference::Name {
                found: surplus.remove(place).name.clone(),
                expected: entry.name.clone(),
            },
            None => Difference::Missing {
                name: entry.name.clone(),
                expected: entry.sizes.to_vec(),
            },
        });
    }
    differences.extend(surplus.into_iter().map(|found| Difference::Surplus {
        name: found.name.clone(),
        found: found.sizes.clone(),
    }));
    differences
}

/// The difference between two tensors with the same name.
pub(super) fn difference(
    expected: &Entry,
    found: &Found,
    is_converted: bool,
) -> Option<Difference> {
    let name = expected.name.clone();
    if found.sizes != expected.sizes {
        return Some(Difference::Shape {
            name,
            stored: None,
            found: found.sizes.clone(),
            expected: expected.sizes.to_vec(),
        });
    }
    let is_right = found.dtype == expected.dtype.name();
    let is_taken = is_right || (is_converted && found.is_convertible(expected));
    (!is_taken).then(|| Difference::Dtype {
        name,
        stored: None,
        found: found.dtype.to_owned(),
        expected: expected.dtype,
    })
}

/// The first layer in which two lists of lines differ.
pub(super) fn layer_difference(found: &str, expected: &str) -> Difference {
    let lines = |text| str::split_terminator(text, '\n');
    let (mut found, mut expected) = (lines(found), lines(expected));
    loop {
        let pair = (found.next(), expected.next());
        if pair.0 != pair.1 || pair == (None, None) {
            return Difference::Layer {
                found: pair.0.map(str::to_owned),
                expected: pair.1.map(str::to_owned),
            };
        }
    }
}

/// Formats a shape as Keras does: `(784, 64)`.
pub(super) fn shape(sizes: &[usize]) -> String {
    let mut shown: Vec<_> = sizes.iter().take(MOST_AXES).map(usize::to_string).collect();
    if sizes.len() > MOST_AXES {
        shown.push("..".to_owned());
    }
    format!("({})", shown.join(", "))
}

/// Formats a string from a file for a message.
pub(super) fn shown(found: &str) -> String {
    let text = fault::shown(Text::new(), Unescaped::plain(found));
    text.as_str().to_owned()
}

/// The name of a tensor in the file, in parentheses.
fn place(stored: &Option<String>) -> String {
    let place = stored.as_ref();
    place.map_or_else(String::new, |name| format!(" (`{name}` in the file)"))
}

impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Layer {
                found: None,
                expected: None,
            } => f.write_str("the architecture's fingerprint differs, though no layer's text does"),
            Self::Layer { found, expected } => {
                let layer = |layer: &Option<String>| match layer {
                    Some(layer) => format!("`{}`", shown(layer)),
                    None => "no further layer".to_owned(),
                };
                write!(
                    f,
                    "the architecture differs first at a layer: found {}, expected {}",
                    layer(found),
                    layer(expected)
                )
            }
            Self::Name { found, expected } => {
                write!(
                    f,
                    "tensor `{expected}` is misnamed: found `{}`",
                    shown(found)
                )
            }
            Self::Missing { name, expected } => write!(
                f,
                "tensor `{name}` is missing: expected shape {}",
                shape(expected)
            ),
            Self::Surplus { name, found } => write!(
                f,
                "tensor `{}` is not expected: found shape {}",
                shown(name),
                shape(found)
            ),
            Self::Tensors {
                layer,
                found,
                expected,
            } => write!(
                f,
                "layer `{layer}` has another number of tensors: found {found}, expected {} ({})",
                expected.len(),
                expected.join(", ")
            ),
            Self::Shape {
                name,
                stored,
                found,
                expected,
            } => write!(
                f,
                "tensor `{name}`{} has another shape: found {}, expected {}",
                place(stored),
                shape(found),
                shape(expected)
            ),
            Self::Number {
                name,
                found,
                expected,
            } => write!(
                f,
                "tensor `{name}` holds {found}, expected numbers that {} can hold",
                expected.name()
            ),
            Self::Value { name, found } => write!(f, "tensor `{name}` {found}"),
            Self::Ambiguous {
                layer,
                candidates,
                why,
            } => write!(
                f,
                "layer `{layer}` could be {}, for {why}: give the layers the names that they have in the \
                 file, or save the model in Keras as a `.keras`, which holds its graph",
                candidates.join(" or ")
            ),
            Self::Dtype {
                name,
                stored,
                found,
                expected,
            } => write!(
                f,
                "tensor `{name}`{} has another element type: found {found}, expected {}",
                place(stored),
                expected.name()
            ),
        }
    }
}
