//! Where a file and a model differ.

use super::section::Entry;
use crate::element::Dtype;
use core::fmt::{Display, Formatter};
use safetensors::tensor::TensorInfo;

/// One difference between what a file holds and what a model expects.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Difference {
    /// The first layer that is another one; `None` where there is no layer.
    Layer {
        /// The layer in the file, as in `dense: Dense(5, relu) (4) -> (5)`.
        found: Option<String>,
        /// The layer of the model.
        expected: Option<String>,
    },
    /// A tensor under another name.
    Name {
        /// The name in the file.
        found: String,
        /// The name in the model.
        expected: String,
    },
    /// A tensor that the file lacks.
    Missing {
        /// The tensor's name.
        name: String,
        /// Its sizes.
        expected: Vec<usize>,
    },
    /// A tensor that the model lacks.
    Surplus {
        /// The tensor's name.
        name: String,
        /// Its sizes.
        found: Vec<usize>,
    },
    /// A layer with more or fewer tensors, in a file that does not name them.
    Tensors {
        /// The layer's name.
        layer: String,
        /// How many the file has.
        found: usize,
        /// The names of those in the model.
        expected: Vec<String>,
    },
    /// A tensor of other sizes.
    Shape {
        /// The tensor's name.
        name: String,
        /// Its name in the file, where that is another.
        stored: Option<String>,
        /// The sizes in the file.
        found: Vec<usize>,
        /// The sizes in the model.
        expected: Vec<usize>,
    },
    /// A tensor of another element type.
    Dtype {
        /// The tensor's name.
        name: String,
        /// Its name in the file, where that is another.
        stored: Option<String>,
        /// The element type in the file.
        found: String,
        /// The element type in the model.
        expected: Dtype,
    },
    /// A layer that could be one of several in the file.
    Ambiguous {
        /// The layer's name.
        layer: String,
        /// What it could be.
        candidates: Vec<String>,
        /// Why that cannot be told.
        why: &'static str,
    },
}

/// All differences between the tensors that are expected and those that a file holds, which are in
/// the order of the file.
pub(super) fn tensor_differences(
    expected: &[Entry],
    found: &[(String, &TensorInfo)],
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut missing = Vec::new();
    for entry in expected {
        match found.iter().find(|(name, _)| *name == entry.name) {
            Some((_, info)) => differences.extend(difference(entry, info)),
            None => missing.push(entry),
        }
    }
    let is_expected = |name: &str| expected.iter().any(|entry| entry.name == name);
    let mut surplus: Vec<_> = found
        .iter()
        .filter(|(name, _)| !is_expected(name))
        .collect();
    for entry in missing {
        // A missing tensor and a surplus one of its sizes and almost its name are one fault.
        let distance = |name: &str| distance_between(name, &entry.name);
        let nearest = (0..surplus.len())
            .filter(|place| surplus[*place].1.shape == entry.sizes)
            .filter(|place| distance(&surplus[*place].0) <= entry.name.len() / 2)
            .min_by_key(|place| distance(&surplus[*place].0));
        differences.push(match nearest {
            Some(place) => Difference::Name {
                found: surplus.remove(place).0.clone(),
                expected: entry.name.clone(),
            },
            None => Difference::Missing {
                name: entry.name.clone(),
                expected: entry.sizes.to_vec(),
            },
        });
    }
    differences.extend(surplus.into_iter().map(|(name, info)| Difference::Surplus {
        name: name.clone(),
        found: info.shape.clone(),
    }));
    differences
}

/// What differs between two tensors of one name.
fn difference(expected: &Entry, found: &TensorInfo) -> Option<Difference> {
    let name = expected.name.clone();
    if found.shape != expected.sizes {
        Some(Difference::Shape {
            name,
            stored: None,
            found: found.shape.clone(),
            expected: expected.sizes.to_vec(),
        })
    } else {
        let (found, expected) = (found.dtype.to_string(), expected.dtype);
        (found != expected.name()).then_some(Difference::Dtype {
            name,
            stored: None,
            found,
            expected,
        })
    }
}

/// The first layer in which two lists of lines differ.
pub(super) fn layer_difference(found: &str, expected: &str) -> Difference {
    let (mut found, mut expected) = (found.lines(), expected.lines());
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

/// Levenshtein's distance: the insertions, removals and replacements between two names.
fn distance_between(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Sizes as Keras writes a shape: `(784, 64)`.
fn shape(sizes: &[usize]) -> String {
    let sizes: Vec<_> = sizes.iter().map(usize::to_string).collect();
    format!("({})", sizes.join(", "))
}

/// Where in the file a tensor stands, in brackets.
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
                    Some(layer) => format!("`{layer}`"),
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
                write!(f, "tensor `{expected}` is misnamed: found `{found}`")
            }
            Self::Missing { name, expected } => write!(
                f,
                "tensor `{name}` is missing: expected shape {}",
                shape(expected)
            ),
            Self::Surplus { name, found } => write!(
                f,
                "tensor `{name}` is not expected: found shape {}",
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
