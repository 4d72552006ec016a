//! The logs of a training, while a system call fails: no row and no record is half written.

use super::*;
use crate::train::{CSVLogger, TensorBoard};
use std::path::PathBuf;

/// A training with a log at a path, for each system call that can fail. Passes on the fault, the path, and the
/// result, which is an error if the fault occurred.
fn each_fault<C: Callback>(
    log: impl Fn(&Path) -> C,
    mut check: impl FnMut(Fault, &Path, Result<()>),
) {
    for kind in [Fault::Only as fn(usize) -> Fault, Fault::From] {
        let mut call = 0;
        loop {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let fault = kind(call);
            let (outcome, is_reached) = with_fault(folder.path(), fault, || fit(log(&path)));
            assert_eq!(outcome.is_err(), is_reached, "{fault:?}: {outcome:?}");
            if let Err(error) = &outcome {
                let message = error.to_string();
                let place = format!("`{}", path.display());
                assert!(message.starts_with("cannot "), "{message}");
                assert!(message.contains(&place), "{message}");
                assert!(message.ends_with("`: a fault of the test"), "{message}");
            }
            check(fault, &path, outcome);
            if !is_reached {
                break;
            }
            call += 1;
        }
        assert!(call >= 4, "only {call} calls can fail");
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_csv_file_has_complete_rows() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    fit(CSVLogger::new(&whole)).unwrap();
    let whole = text(&whole);
    assert_eq!(whole.lines().count(), 3, "a header and two epochs: {whole}");

    each_fault(
        |path| CSVLogger::new(path),
        |fault, path, outcome| {
            let found = text(path);
            assert!(whole.starts_with(&found), "{fault:?}: {found}");
            if outcome.is_ok() {
                assert_eq!(found, whole);
            }
            if matches!(fault, Fault::Only(_)) {
                assert!(
                    found.is_empty() || found.ends_with('\n'),
                    "{fault:?}: {found}"
                );
            }
            // The half row of a kill does not become a part of the next row.
            fit(CSVLogger::new(path).append()).unwrap();
            let rows: String = whole.split_inclusive('\n').skip(1).collect();
            assert!(
                text(path).ends_with(&format!("\n{rows}")),
                "{fault:?}: {}",
                text(path)
            );
            fit(CSVLogger::new(path)).unwrap();
            assert_eq!(text(path), whole, "{fault:?}");
        },
    );
}

/// The event files below a folder, with their content.
fn event_files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder.join("train")) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The number of complete records at the beginning of an event file, and the number of bytes after them.
fn records(mut bytes: &[u8]) -> (usize, usize) {
    let mut count = 0;
    while let Some(len) = bytes.first_chunk() {
        let len = usize::try_from(u64::from_le_bytes(*len)).unwrap();
        let Some(rest) = bytes.get(8 + 4 + len + 4..) else {
            break;
        };
        (bytes, count) = (rest, count + 1);
    }
    (count, bytes.len())
}

#[test]
fn an_event_file_has_complete_records() {
    each_fault(
        |path| TensorBoard::new(path),
        |fault, path, outcome| {
            let before = event_files(path);
            assert!(before.len() <= 1, "{fault:?}: {before:?}");
            for (_, bytes) in &before {
                let (complete, rest) = records(bytes);
                if matches!(fault, Fault::Only(_)) {
                    assert_eq!(rest, 0, "{fault:?}: after {complete} records");
                }
                if outcome.is_ok() {
                    assert_eq!(complete, 4, "the version, the graph and two epochs");
                }
            }
            // Another training has another file, also within the same second.
            fit(TensorBoard::new(path)).unwrap();
            let after = event_files(path);
            assert_eq!(after.len(), before.len() + 1, "{fault:?}");
            assert!(before.iter().all(|file| after.contains(file)), "{fault:?}");
        },
    );
}
