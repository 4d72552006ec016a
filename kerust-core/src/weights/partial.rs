//! Loads only the weights whose names occur in a file.

use super::difference::{difference, shape, shown};
use super::read::WeightsFile;
use super::section::entries;
use super::{Difference, WeightsError};
use crate::error::Result;
use crate::model::Model;
use core::fmt::{Display, Formatter};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Loads the weights whose names occur in a file into an existing model. Other weights are unchanged. The
/// report names every tensor.
///
/// The file can have another architecture. From the state of a training, the weights are loaded. With the
/// feature `keras`, a file of Keras can be loaded too: layers are matched by names that the user chose on
/// both sides. Names that Keras generates, such as `dense_1`, are ignored.
///
/// A tensor that has the name of one in the model, but another shape or another element type, is an error.
/// With `skip_mismatch`, as in Keras, it is skipped and listed in the report.
///
/// To load all weights of a nested model, use [`load_into`](super::load_into): `load_into(&mut net.body,
/// "body.safetensors")`.
///
/// ```no_run
/// # fn load<Net: kerust::model::Model>(mut net: Box<Net>) -> kerust::Result<()> {
/// use kerust::weights;
///
/// let report = weights::load_partial_into(&mut *net, "body.safetensors", false)?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Returns an error if the file cannot be read or is corrupt, a tensor with a matching name does not fit, or
/// no tensor has a name of the model. The model is unchanged in that case.
pub fn load_partial_into<M: Model>(
    model: &mut M,
    path: impl AsRef<Path>,
    skip_mismatch: bool,
) -> Result<LoadReport> {
    let path = path.as_ref();
    #[cfg(feature = "keras")]
    if super::read::is_keras(path)? {
        return super::keras::load_partial_into(model, path, skip_mismatch);
    }
    let file = WeightsFile::open(path)?;
    let (prefix, tensors) = file.weights();
    let expected = entries(prefix, &M::LAYOUT, M::LAYOUT.bytes());
    let own = |name: &str| match prefix {
        "" => name.to_owned(),
        prefix => name[prefix.len() + 1..].to_owned(),
    };
    let places: HashMap<_, _> = tensors.iter().map(|found| (&*found.name, *found)).collect();
    let mut sorted = Sorted::default();
    let mut taken = Vec::new();
    for mut entry in expected.iter().cloned() {
        let found = places.get(&*entry.name);
        entry.name = own(&entry.name);
        let Some(found) = found else {
            sorted.add(Difference::Missing {
                name: entry.name,
                expected: entry.sizes.to_vec(),
            });
            continue;
        };
        match difference(&entry, found, false) {
            Some(difference) => sorted.add(difference),
            None => taken.push((entry, *found)),
        }
    }
    let names: HashSet<_> = expected.iter().map(|entry| &*entry.name).collect();
    for found in tensors.iter().filter(|it| !names.contains(&*it.name)) {
        sorted.add(Difference::Surplus {
            name: own(&found.name),
            found: found.sizes.clone(),
        });
    }
    sorted.taken = taken
        .iter()
        .map(|(entry, _)| (entry.name.clone(), entry.sizes.to_vec()))
        .collect();
    let report = sorted.report::<M>(path, skip_mismatch)?;
    // All values are read before the first one is changed.
    let mut values = Vec::new();
    for (entry, found) in &taken {
        values.push((entry.start, file.values(entry, found)?));
    }
    model.fill_bytes(|bytes| {
        for (start, values) in values {
            bytes[start..start + values.len()].copy_from_slice(&values);
        }
    });
    Ok(report)
}

/// The result of [`load_partial_into`] for each tensor of the file and of the model.
///
/// Its text lists them all:
///
/// ```text
/// `six.safetensors` into `Ten`: 2 tensors taken, 1 missing, 1 surplus
///   taken: `edges.kernel` (3, 3, 1, 8)
///   taken: `edges.bias` (8)
///   missing: `ten.kernel` (32, 10)
///   surplus: `six.kernel` (32, 6)
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct LoadReport {
    path: PathBuf,
    model: &'static str,
    sorted: Sorted,
}

impl LoadReport {
    /// The number of tensors of the model that were loaded.
    pub fn taken(&self) -> usize {
        self.sorted.taken.len()
    }

    /// The number of tensors of the model that are missing in the file, and are unchanged.
    pub fn missing(&self) -> usize {
        self.sorted.missing.len()
    }

    /// The number of tensors of the file that the model does not have.
    pub fn surplus(&self) -> usize {
        self.sorted.surplus.len()
    }

    /// The number of tensors that were skipped, because their name matches and their shape or type does not.
    /// They are unchanged. Without `skip_mismatch` it is 0.
    pub fn skipped(&self) -> usize {
        self.sorted.skipped.len()
    }

    /// The names of the tensors that were loaded.
    pub fn names_taken(&self) -> impl Iterator<Item = &str> {
        self.sorted.taken.iter().map(|(name, _)| &**name)
    }

    /// The tensors that were not loaded: missing, surplus and skipped ones.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        let Sorted {
            missing,
            surplus,
            skipped,
            ..
        } = &self.sorted;
        missing.iter().chain(surplus).chain(skipped)
    }
}

/// The tensors of a file and of a model, sorted by their result.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Sorted {
    /// The names and sizes.
    pub(super) taken: Vec<(String, Vec<usize>)>,
    missing: Vec<Difference>,
    surplus: Vec<Difference>,
    skipped: Vec<Difference>,
}

impl Sorted {
    pub(super) fn add(&mut self, difference: Difference) {
        let list = match difference {
            Difference::Missing { .. } => &mut self.missing,
            Difference::Surplus { .. } => &mut self.surplus,
            _ => &mut self.skipped,
        };
        list.push(difference);
    }

    /// The report, or an error if nothing is loaded, or if something does not fit and must not be skipped.
    pub(super) fn report<M: Model>(self, path: &Path, skip_mismatch: bool) -> Result<LoadReport> {
        let (path, model) = (path.to_path_buf(), M::NAME);
        if !skip_mismatch && !self.skipped.is_empty() {
            let differences = self.skipped;
            return Err(WeightsError::Partial {
                path,
                model,
                differences,
            }
            .into());
        }
        let report = LoadReport {
            path,
            model,
            sorted: self,
        };
        if report.taken() == 0 {
            let differences = report.differences().cloned().collect();
            return Err(WeightsError::NothingTaken {
                path: report.path,
                model,
                differences,
            }
            .into());
        }
        Ok(report)
    }
}

impl Display for LoadReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let s = if self.taken() == 1 { "" } else { "s" };
        write!(
            f,
            "`{}` into `{}`: {} tensor{s} taken, {} missing, {} surplus",
            self.path.display(),
            self.model,
            self.taken(),
            self.missing(),
            self.surplus()
        )?;
        if self.skipped() > 0 {
            write!(f, ", {} skipped", self.skipped())?;
        }
        for (name, sizes) in &self.sorted.taken {
            write!(f, "\n  taken: `{name}` {}", shape(sizes))?;
        }
        for difference in self.differences() {
            match difference {
                Difference::Missing { name, expected } => {
                    write!(f, "\n  missing: `{name}` {}", shape(expected))?;
                }
                Difference::Surplus { name, found } => {
                    write!(f, "\n  surplus: `{}` {}", shown(name), shape(found))?;
                }
                skipped => write!(f, "\n  skipped: {skipped}")?,
            }
        }
        Ok(())
    }
}
