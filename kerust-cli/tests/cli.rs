//! The command as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn kerust(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kerust"));
    command.args(arguments).output().unwrap()
}

/// The message of a command that fails; it prints nothing else.
fn refusal(arguments: &[&str]) -> String {
    let output = kerust(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

struct Folder {
    folder: tempfile::TempDir,
    model: PathBuf,
}

impl Folder {
    /// A folder with a model whose import is committed.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("real.tflite");
        fs::write(&model, include_bytes!("real.tflite")).unwrap();
        Self { folder, model }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn import<'a>(&'a self, out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let fixed = [
            "import",
            self.model.to_str().unwrap(),
            "--name",
            "Real",
            "--out",
        ];
        let fixed = fixed.into_iter().chain([out.to_str().unwrap()]);
        fixed.chain(more.iter().copied()).collect()
    }
}

fn golden(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tflite");
    fs::read(folder.join(name)).unwrap()
}

#[test]
fn both_files_are_written_into_a_new_folder() {
    let folder = Folder::new();
    let out = folder.path("a/b");
    let output = kerust(&folder.import(&out, &[]));
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("real.safetensors"));
    for name in ["real.rs", "real.safetensors"] {
        assert!(fs::read(out.join(name)).unwrap() == golden(name), "{name}");
    }
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
}

#[test]
fn existing_files_are_replaced_only_on_request() {
    let folder = Folder::new();
    let out = folder.path("out");
    fs::create_dir(&out).unwrap();
    for name in ["real.rs", "real.safetensors"] {
        fs::write(out.join(name), "mine").unwrap();
        let message = refusal(&folder.import(&out, &[]));
        assert!(
            message.contains("exists; write to another folder"),
            "{message}"
        );
        assert_eq!(fs::read(out.join(name)).unwrap(), b"mine");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
        fs::remove_file(out.join(name)).unwrap();
    }
    fs::write(out.join("real.rs"), "mine").unwrap();
    assert!(kerust(&folder.import(&out, &["--force"])).status.success());
    assert!(fs::read(out.join("real.rs")).unwrap() == golden("real.rs"));
}

#[test]
fn either_both_files_are_written_or_none() {
    let folder = Folder::new();
    let out = folder.path("out");
    // The declaration cannot be written, since a folder has its name.
    fs::create_dir_all(out.join("real.rs")).unwrap();
    let message = refusal(&folder.import(&out, &["--force"]));
    assert!(message.starts_with("error: cannot write"), "{message}");
    assert!(!out.join("real.safetensors").exists());
    fs::write(out.join("real.safetensors"), "mine").unwrap();
    refusal(&folder.import(&out, &["--force"]));
    assert_eq!(fs::read(out.join("real.safetensors")).unwrap(), b"mine");
}

#[test]
fn a_model_that_cannot_be_imported_leaves_nothing() {
    let folder = Folder::new();
    let out = folder.path("out");
    fs::write(&folder.model, "no model").unwrap();
    let message = refusal(&folder.import(&out, &[]));
    assert!(message.starts_with("error: cannot import"), "{message}");
    assert!(message.contains("not a TensorFlow Lite model"), "{message}");
    fs::remove_file(&folder.model).unwrap();
    let message = refusal(&folder.import(&out, &[]));
    assert!(message.starts_with("error: cannot read"), "{message}");
    assert!(!out.exists());
}

#[test]
fn the_usage_is_printed() {
    for arguments in [&[][..], &["--help"], &["import", "--help"]] {
        let output = kerust(arguments);
        assert!(output.status.success());
        assert!(
            output
                .stdout
                .starts_with(b"usage: kerust import MODEL.tflite")
        );
    }
    let message = refusal(&["import"]);
    assert!(
        message.contains("`kerust --help` shows the whole command"),
        "{message}"
    );
}
