//! The table of Keras's names in `docs/keras.md`, which is written from the catalogue: so nothing can be missing unnoticed.

use crate::{catalog, functions, keras, words};
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The places whose tests hold numbers of Keras's.
const TESTS: [&str; 10] = [
    "tests/suite/keras_layers.rs",
    "tests/suite/keras_sequences.rs",
    "tests/suite/keras_vocabulary_layers.rs",
    "tests/suite/keras_normalization.rs",
    "tests/suite/keras_images.rs",
    "tests/suite/keras_draws.rs",
    "tests/suite/masks.rs",
    "tests/suite/masks/models.rs",
    "tests/suite/keras_graph_layers.rs",
    "kerust-macros/src/mistakes/valid.txt",
];

/// The first of them that names something.
fn test_of(name: &str, sources: &[(String, String)]) -> String {
    let is_in = |source: &str| {
        source.match_indices(name).any(|(at, _)| {
            let before = source[..at].chars().next_back();
            let after = source[at + name.len()..].chars().next();
            let is_letter =
                |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
            !is_letter(before) && !is_letter(after)
        })
    };
    let mut found = sources.iter().filter(|(_, source)| is_in(source));
    found
        .next()
        .map_or("–".to_owned(), |(path, _)| format!("`{path}`"))
}

fn table() -> String {
    let sources = TESTS.iter().filter_map(|path| {
        let source = fs::read_to_string(root().join(path)).ok()?;
        Some(((*path).to_owned(), source))
    });
    let sources: Vec<(String, String)> = sources.collect();
    let mut table = String::from(
        "# Keras's names\n\nWhat Keras 3.15 has and what of it kerust has. This page is written by \
         `KERUST_UPDATE=1 cargo test -p kerust-macros --lib keras_table`, and tested.\n\n\
         Arguments that every layer of Keras takes are left out. `seed` and `data_format` are too: the seed is that of the run, \
         and channels come last.\n\n\
         ## Layers\n\n| Keras | kerust | arguments that are missing | test |\n|---|---|---|---|\n",
    );
    const LEFT_OUT: [&str; 4] = ["seed", "data_format", "dtype", "name"];
    let merges = [
        "Add",
        "Subtract",
        "Multiply",
        "Average",
        "Maximum",
        "Minimum",
        "Concatenate",
    ];
    let wrappers = ["TimeDistributed", "Bidirectional"];
    for (name, arguments) in keras::LAYERS {
        let row = catalog::rows().find(|row| row.name == *name);
        let is_other = merges.contains(name) || wrappers.contains(name) || *name == "InputLayer";
        let missing: Vec<String> = match row {
            Some(row) => arguments
                .iter()
                .filter(|it| !LEFT_OUT.contains(it))
                .filter(|it| {
                    row.parameters
                        .iter()
                        .all(|parameter| parameter.name != **it)
                })
                .map(|it| format!("`{it}`"))
                .collect(),
            None => Vec::new(),
        };
        let (has, test) = match row.is_some() || is_other {
            true => (
                if *name == "InputLayer" {
                    "`Input`"
                } else {
                    "yes"
                },
                test_of(name, &sources),
            ),
            false => ("–", "–".to_owned()),
        };
        table += &format!("| {name} | {has} | {} | {test} |\n", missing.join(", "));
    }
    for (title, names, vocabulary) in [
        ("Activations", keras::ACTIVATIONS, &words::ACTIVATIONS),
        ("Initializers", keras::INITIALIZERS, &words::INITIALIZERS),
    ] {
        table +=
            &format!("\n## {title}\n\n| Keras | kerust | settings | test |\n|---|---|---|---|\n");
        for name in names {
            let function = functions::of(vocabulary).iter().find(|it| it.name == *name);
            let has = vocabulary.find(name).is_some() || function.is_some();
            let settings = function.map_or(String::new(), functions::Function::names);
            let (has, test) = match has {
                true => ("yes", test_of(name, &sources)),
                false => ("–", "–".to_owned()),
            };
            table += &format!("| {name} | {has} | {settings} | {test} |\n");
        }
    }
    table
}

#[test]
fn the_table_of_names_is_that_of_the_catalogue() {
    let path = root().join("docs/keras.md");
    let table = table();
    if std::env::var_os("KERUST_UPDATE").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/keras.md is not that of the catalogue: `KERUST_UPDATE=1 cargo test -p kerust-macros --lib keras_table`"
    );
}
