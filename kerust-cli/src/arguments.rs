//! The arguments of the command. There are too few of them for a library that reads arguments.

use std::ffi::OsString;
use std::path::PathBuf;

/// What to do.
#[derive(PartialEq, Debug)]
pub enum Command {
    Help,
    Version,
    Import(Import),
}

/// The arguments of `kerust import`.
#[derive(PartialEq, Debug)]
pub struct Import {
    pub model: PathBuf,
    pub name: String,
    pub folder: PathBuf,
    pub force: bool,
}

/// Reads the arguments after the name of the program.
pub fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let Some(command) = arguments.next() else {
        return Ok(Command::Help);
    };
    match command.to_str() {
        Some("-h" | "--help" | "help") => Ok(Command::Help),
        Some("-V" | "--version") => Ok(Command::Version),
        Some("import") => import(arguments),
        _ => Err(format!(
            "found the command `{}`, expected `import`; `kerust --help` explains it",
            command.display()
        )),
    }
}

fn import(mut arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let (mut model, mut name, mut folder, mut force) = (None, None, None, false);
    while let Some(argument) = arguments.next() {
        // `--name=Kws` is `--name Kws`.
        let text = argument.to_str().unwrap_or_default();
        let (option, value) = match text.split_once('=') {
            Some((option, value)) if option.starts_with("--") => {
                (option, Some(OsString::from(value)))
            }
            _ => (text, None),
        };
        match option {
            "-h" | "--help" => return Ok(Command::Help),
            "--force" if value.is_none() => force = true,
            "--name" | "--out" => {
                let value = value.or_else(|| arguments.next());
                let value = value.filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| format!("found no value after `{option}`"))?;
                let place = match option {
                    "--name" => &mut name,
                    _ => &mut folder,
                };
                if place.replace(value).is_some() {
                    return Err(format!("found `{option}` twice, expected it once"));
                }
            }
            _ if text.starts_with('-') => {
                return Err(format!(
                    "found the option `{text}`, expected `--name`, `--out` or `--force`"
                ));
            }
            _ => {
                if let Some(first) = model.replace(PathBuf::from(&argument)) {
                    return Err(format!(
                        "found two models, `{}` and `{}`, expected one",
                        first.display(),
                        argument.display()
                    ));
                }
            }
        }
    }
    let missing = |what: &str| format!("found no {what}; `kerust --help` shows the whole command");
    let name = name.ok_or_else(|| missing("`--name NAME`"))?;
    Ok(Command::Import(Import {
        model: model.ok_or_else(|| missing("path of a model"))?,
        name: name.to_string_lossy().into_owned(),
        folder: folder.ok_or_else(|| missing("`--out FOLDER`"))?.into(),
        force,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &str) -> Result<Command, String> {
        read(arguments.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_stand_in_any_order() {
        let import = |force| {
            Command::Import(Import {
                model: "kws.tflite".into(),
                name: "Kws".to_owned(),
                folder: "src".into(),
                force,
            })
        };
        for text in [
            "import kws.tflite --name Kws --out src",
            "import --out src --name Kws kws.tflite",
            "import --out=src kws.tflite --name=Kws",
        ] {
            assert_eq!(of(text), Ok(import(false)), "{text}");
        }
        assert_eq!(
            of("import --force kws.tflite --name Kws --out src"),
            Ok(import(true))
        );
        for text in ["", "--help", "help", "import --name Kws -h"] {
            assert_eq!(of(text), Ok(Command::Help), "{text}");
        }
        assert_eq!(of("--version"), Ok(Command::Version));
    }

    #[test]
    fn each_mistake_is_named() {
        for (text, message) in [
            ("export a", "found the command `export`, expected `import`"),
            ("import a --out b", "found no `--name NAME`"),
            ("import a --name B", "found no `--out FOLDER`"),
            ("import --name B --out b", "found no path of a model"),
            (
                "import a b --name B --out b",
                "found two models, `a` and `b`",
            ),
            ("import a --name", "found no value after `--name`"),
            ("import a --name= --out b", "found no value after `--name`"),
            ("import a --name B --name C", "found `--name` twice"),
            ("import a --nam B", "found the option `--nam`, expected"),
            ("import a --force=no", "found the option `--force=no`"),
        ] {
            let found = of(text).unwrap_err();
            assert!(found.starts_with(message), "{found}");
        }
    }
}
