//! Where the files of a data set may be.

use std::ffi::OsString;
use std::path::PathBuf;

/// The folders in which a data set is looked for, in order; `folders` are the names that it goes by.
pub(super) fn places(
    folders: &[&str],
    variable: impl Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
) -> Vec<PathBuf> {
    let inside = |root: PathBuf| folders.iter().map(move |folder| root.join(folder));
    let mut places = Vec::new();
    if let Some(root) = variable("KERUST_DATASETS").map(PathBuf::from) {
        places.extend(inside(root.clone()));
        places.push(root);
    }
    if let Some(home) = &home {
        places.extend(inside(home.join(".kerust/datasets")));
    }
    places.extend(inside(PathBuf::from("/usr/share/datasets")));
    let keras = variable("KERAS_HOME").map(PathBuf::from);
    if let Some(keras) = keras.or_else(|| home.map(|home| home.join(".keras"))) {
        places.extend(inside(keras.join("datasets")));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_variable_comes_first_and_keras_last() {
        let variable = |name: &str| (name == "KERUST_DATASETS").then(|| "/data".into());
        let found = places(&["fashion-mnist"], variable, Some("/home/me".into()));
        let expected = [
            "/data/fashion-mnist",
            "/data",
            "/home/me/.kerust/datasets/fashion-mnist",
            "/usr/share/datasets/fashion-mnist",
            "/home/me/.keras/datasets/fashion-mnist",
        ];
        assert_eq!(found, expected.map(PathBuf::from));
    }

    #[test]
    fn keras_home_replaces_its_default() {
        let variable = |name: &str| (name == "KERAS_HOME").then(|| "/keras".into());
        let found = places(&["mnist"], variable, Some("/home/me".into()));
        assert_eq!(found.last().unwrap(), Path::new("/keras/datasets/mnist"));
    }

    #[test]
    fn a_machine_without_home_has_debians_folder() {
        let found = places(&["mnist"], |_| None, None);
        assert_eq!(found, [PathBuf::from("/usr/share/datasets/mnist")]);
    }
}
