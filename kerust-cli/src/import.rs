//! `kerust import`.

use crate::arguments::Import;
use kerust::weights::{tflite, write_atomically};
use std::fs;
use std::io;
use std::path::Path;

/// Imports a model, and returns what was written. Either both files are written, or none.
pub fn run(import: &Import) -> Result<String, String> {
    let file = fs::read(&import.model);
    let file =
        file.map_err(|error| format!("cannot read `{}`: {error}", import.model.display()))?;
    let made = tflite::import(&file, &import.name);
    let made =
        made.map_err(|error| format!("cannot import `{}`: {error}", import.model.display()))?;
    let path = |extension: &str| {
        import
            .folder
            .join(&made.file_stem)
            .with_extension(extension)
    };
    let [weights, declaration] = ["safetensors", "rs"].map(path);
    for path in [&weights, &declaration] {
        if !import.force && path.symlink_metadata().is_ok() {
            return Err(format!(
                "`{}` exists; write to another folder, or replace it with `--force`",
                path.display()
            ));
        }
    }
    fs::create_dir_all(&import.folder)
        .map_err(|error| format!("cannot create `{}`: {error}", import.folder.display()))?;
    let before = content(&weights)?;
    write(&weights, &made.weights)?;
    if let Err(error) = write(&declaration, made.declaration.as_bytes()) {
        // A declaration and weights of two models would not fit.
        match before {
            Some(before) => write(&weights, &before)?,
            None => fs::remove_file(&weights)
                .map_err(|error| format!("cannot remove `{}`: {error}", weights.display()))?,
        }
        return Err(error);
    }
    Ok(format!(
        "wrote `{}` and `{}`\n",
        declaration.display(),
        weights.display()
    ))
}

/// The content of a file that exists.
fn content(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read `{}`: {error}", path.display())),
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    write_atomically(path, |file| file.write_all(content)).map_err(|error| error.to_string())
}
