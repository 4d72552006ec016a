//! Damaged and malicious files: each is rejected within a second and with little memory, by an error that
//! names the file and the location.

use super::file;
use super::memory::peak_of;
use super::models::Tiny;
use kerust_core::model::Model;
use kerust_core::weights::keras;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const MEMORY: usize = 64 << 20;
const TIME: Duration = Duration::from_secs(1);

/// The error about a file, once for a model and once without.
#[track_caller]
fn refused<M: Model>(path: &Path) -> [String; 2] {
    let ((of_model, of_none, time), peak) = peak_of(|| {
        let start = Instant::now();
        let mut model = M::zeroed();
        let of_model = keras::load_into(&mut *model, path).unwrap_err().to_string();
        let of_none = match keras::tensors(path) {
            Ok(tensors) => panic!("{} holds {} tensors", path.display(), tensors.len()),
            Err(error) => error.to_string(),
        };
        (of_model, of_none, start.elapsed())
    });
    assert!(time < 2 * TIME, "{}: {time:?}", path.display());
    assert!(peak < MEMORY, "{}: {peak} bytes", path.display());
    for error in [&of_model, &of_none] {
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
    [of_model, of_none]
}

/// Whether the errors about a file contain these words.
#[track_caller]
fn refused_for<M: Model>(name: &str, of_model: &str, of_none: &str) {
    let found = refused::<M>(&file("hostile").join(name));
    for (found, expected) in found.iter().zip([of_model, of_none]) {
        assert!(found.contains(expected), "{name}: {found}");
    }
}

#[test]
fn groups_in_circles_are_refused() {
    let twice = "more groups than a file of";
    refused_for::<Tiny>("cycle.weights.h5", twice, twice);
    refused_for::<Tiny>("laughs.weights.h5", twice, twice);
    refused_for::<Tiny>(
        "softcycle.weights.h5",
        "a fault at `layers/dense/`",
        "a fault at `layers/dense/`",
    );
    let deep = "groups more than 64 deep in each other";
    refused_for::<Tiny>("layers_cycle.weights.h5", deep, deep);
    refused_for::<Tiny>("deep.weights.h5", deep, deep);
}

#[test]
fn values_that_are_not_stored_are_refused() {
    let place = "a fault at `layers/dense/vars/0` ";
    for (name, of_model, of_none) in [
        (
            "unalloc",
            "`dense` has another number of tensors",
            "1073741824 bytes of values in a file of",
        ),
        (
            "contig",
            "`dense` has another number of tensors",
            "of 68719476736 bytes of values none is stored",
        ),
        (
            "unalloc_shape",
            "of 2 chunks of values 0 are stored",
            "of 2 chunks of values 0 are stored",
        ),
        (
            "contig_shape",
            "of 48 bytes of values none is stored",
            "of 48 bytes of values none is stored",
        ),
        (
            "bomb",
            "another shape: found (16777216), expected (4, 3)",
            "67108864 bytes of values in a file of",
        ),
        (
            "chunk",
            "a chunk of 67108864 bytes for 48 bytes",
            "a chunk of 67108864 bytes for 48 bytes",
        ),
    ] {
        let name = format!("{name}.weights.h5");
        refused_for::<Tiny>(&name, of_model, of_none);
        refused_for::<Tiny>(&name, "", place);
    }
}

#[test]
fn values_behind_the_end_of_the_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.weights.h5");
    let mut bytes = fs::read(file("tiny.weights.h5")).unwrap();
    // The address of the values 1/8, 2/8, .. in the first kernel's header.
    let values: Vec<u8> = (1..=12u8)
        .flat_map(|n| (f32::from(n) / 8.0).to_le_bytes())
        .collect();
    let address = bytes
        .windows(values.len())
        .position(|it| *it == values[..])
        .unwrap() as u64;
    let place = bytes
        .windows(8)
        .position(|it| *it == address.to_le_bytes())
        .unwrap();
    let end = bytes.len() as u64;
    bytes[place..place + 8].copy_from_slice(&(end - 47).to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    for error in refused::<Tiny>(&path) {
        assert!(
            error.contains("a fault at `layers/dense/vars/0` (48 bytes of values in a file of"),
            "{error}"
        );
    }
}

#[test]
fn names_and_types_without_end_are_refused_or_passed_over() {
    let more = "a fault at `model_weights/a` (more groups than a file of";
    refused_for::<Tiny>("attributes.weights.h5", more, more);
    // A type that is repeated 8,000 times belongs to an attribute that is never read.
    let (model, peak) = peak_of(|| keras::load::<Tiny>(file("hostile/types.weights.h5")));
    assert!(model.is_ok() && peak < MEMORY);
}

#[test]
fn archives_that_unpack_to_more_than_they_are_are_refused() {
    for (name, place) in [
        ("bomb.keras", "`model.weights.h5`"),
        ("config.keras", "`config.json`"),
    ] {
        let words =
            format!("a zip archive with a fault at {place} (67108864 bytes in an archive of");
        refused_for::<Tiny>(name, &words, &words);
    }
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_read() {
    for name in ["/dev/zero", "/"] {
        for error in refused::<Tiny>(Path::new(name)) {
            assert!(error.contains("not a regular file"), "{error}");
        }
    }
}

/// Sets bytes that make lengths and addresses large, one location at a time.
#[test]
fn no_word_of_a_header_takes_memory_or_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.h5");
    for (name, step) in [("tiny.weights.h5", 41), ("tiny.h5", 53), ("tiny.keras", 47)] {
        let bytes = fs::read(file(name)).unwrap();
        for place in (0..bytes.len() - 4).step_by(step) {
            let mut damaged = bytes.clone();
            damaged[place..place + 4].fill(0x7f);
            fs::write(&path, damaged).unwrap();
            let (_, peak) = peak_of(|| {
                (
                    keras::load::<Tiny>(&path).is_ok(),
                    keras::tensors(&path).is_ok(),
                )
            });
            assert!(peak < MEMORY, "{name} with {place} changed: {peak} bytes");
        }
    }
}
