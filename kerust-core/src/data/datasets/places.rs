//! The search for the files of a data set.

use crate::data::DataError;
use crate::error::Result;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The names of a data set, and how to get it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) dataset: &'static str,
    /// The names of its folder.
    pub(super) folders: &'static [&'static str],
    /// The names of a file with the whole data set.
    pub(super) files: &'static [&'static str],
    pub(super) remedy: &'static str,
}

impl Names {
    /// The first place on this machine for which `holds` returns true.
    pub(super) fn find(&self, holds: impl Fn(&Path) -> bool) -> Result<PathBuf> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        self.first(self.places(variable, std::env::home_dir()), holds)
    }

    /// The first place for which `holds` returns true.
    pub(super) fn first(
        &self,
        places: Vec<PathBuf>,
        holds: impl Fn(&Path) -> bool,
    ) -> Result<PathBuf> {
        match places.iter().find(|place| holds(place)) {
            Some(place) => Ok(place.clone()),
            None => Err(DataError::NotFound {
                dataset: self.dataset,
                looked_in: places,
                remedy: self.remedy,
            }
            .into()),
        }
    }

    /// The folders and files in which the data set is searched, in order.
    fn places(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
    ) -> Vec<PathBuf> {
        let join = |root: &PathBuf, names: &'static [&'static str]| {
            let root = root.clone();
            names.iter().map(move |name| root.join(name))
        };
        let mut places = Vec::new();
        if let Some(root) = variable("KERUST_DATASETS").map(PathBuf::from) {
            places.extend(join(&root, self.folders));
            places.extend(join(&root, self.files));
            places.push(root);
        }
        let keras = variable("KERAS_HOME").map(PathBuf::from);
        let keras = keras.or_else(|| Some(home.as_ref()?.join(".keras")));
        let roots = [
            home.map(|home| home.join(".kerust/datasets")),
            Some("/usr/share/datasets".into()),
            keras.map(|keras| keras.join("datasets")),
        ];
        for root in roots.into_iter().flatten() {
            places.extend(join(&root, self.folders));
            places.extend(join(&root, self.files));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MNIST: Names = Names {
        dataset: "mnist",
        folders: &["mnist"],
        files: &["mnist.npz"],
        remedy: "to get it: write it",
    };

    #[test]
    fn the_variable_comes_first_and_keras_last() {
        let variable = |name: &str| (name == "KERUST_DATASETS").then(|| "/data".into());
        let found = MNIST.places(variable, Some("/home/me".into()));
        let expected = [
            "/data/mnist",
            "/data/mnist.npz",
            "/data",
            "/home/me/.kerust/datasets/mnist",
            "/home/me/.kerust/datasets/mnist.npz",
            "/usr/share/datasets/mnist",
            "/usr/share/datasets/mnist.npz",
            "/home/me/.keras/datasets/mnist",
            "/home/me/.keras/datasets/mnist.npz",
        ];
        assert_eq!(found, expected.map(PathBuf::from));
    }

    #[test]
    fn keras_home_replaces_its_default() {
        let variable = |name: &str| (name == "KERAS_HOME").then(|| "/keras".into());
        let found = MNIST.places(variable, Some("/home/me".into()));
        let expected = Path::new("/keras/datasets/mnist.npz");
        assert_eq!(found.last().unwrap(), expected);
    }

    #[test]
    fn a_machine_without_home_has_debians_folder() {
        let found = MNIST.places(|_| None, None);
        assert_eq!(found[0], Path::new("/usr/share/datasets/mnist"));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn not_found_lists_every_place_and_the_remedy() {
        let places = vec![PathBuf::from("/no/where"), PathBuf::from("/no/place")];
        let outcome = MNIST.first(places, |place| place.exists());
        assert_eq!(
            outcome.err().unwrap().to_string(),
            "the data set `mnist` was not found; looked in\n  `/no/where`\n  `/no/place`\n\
             to get it: write it"
        );
    }
}
