//! Paths and formats of saved weights, and what is read on request.

use super::stored::Net;
use super::{File, bits, net};
use kerust_core::layer::LayerData;
use kerust_core::weights;
use std::fs;
use std::path::Path;

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn a_format_that_is_not_written_is_refused_before_anything_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "net.h5",
        "net.hdf5",
        "net.keras",
        "net.KERAS",
        "net.onnx",
        "net.npz",
    ] {
        let path = folder.path().join(name);
        fs::write(&path, "old").unwrap();
        let message = weights::save(&path, &*net()).unwrap_err().to_string();
        let start = format!(
            "cannot save to `{}`: found `.{}`",
            path.display(),
            &name[4..]
        );
        assert!(message.starts_with(&start), "{message}");
        assert!(message.contains("`.safetensors`"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        fs::remove_file(&path).unwrap();
        weights::save(&path, &*net()).unwrap_err();
        // The folder is not even opened.
        weights::save(Path::new("no/such/folder").join(name), &*net()).unwrap_err();
        assert!(names(folder.path()).is_empty());
    }
}

#[cfg(not(feature = "keras"))]
#[test]
fn files_of_keras_name_their_reader_and_its_feature() {
    for (bytes, found) in [
        (&b"\x89HDF\r\n\x1a\n0000"[..], "an HDF5 file"),
        (b"PK\x03\x04000000", "a zip archive"),
    ] {
        assert_eq!(
            File::new(bytes).refusal(),
            format!(
                "`FILE` is not a safetensors file: found {found}, expected the length of a JSON header, then \
                 the header; `weights::keras::load`, with the feature `keras`, reads the files of Keras"
            )
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let message = weights::save(folder.path().join("net.weights.h5"), &*net()).unwrap_err();
    assert!(
        message.to_string().contains("the feature `keras`"),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
}

#[cfg(feature = "keras")]
#[test]
fn weights_of_keras_are_written_and_read_by_the_end_of_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.weights.h5");
    weights::save(&path, &*net()).unwrap();
    assert!(fs::read(&path).unwrap().starts_with(b"\x89HDF"));
    assert_eq!(bits(&*weights::load::<Net>(&path).unwrap()), bits(&*net()));
    assert_eq!(names(folder.path()), ["net.weights.h5"]);
}

/// Values after a header of three tensors of one type.
fn file(dtype: &str, values: &[Vec<u8>]) -> File {
    let sizes: [(&str, &str, &[usize]); 3] = [
        ("dense.kernel", dtype, &[2, 3]),
        ("dense.bias", dtype, &[3]),
        ("dense_1.kernel", dtype, &[3, 2]),
    ];
    let file = File::with(&sizes);
    let mut bytes = fs::read(&file.path).unwrap();
    let values = values.concat();
    let start = bytes.len() - values.len();
    bytes[start..].copy_from_slice(&values);
    fs::write(&file.path, bytes).unwrap();
    file
}

#[test]
fn other_element_types_are_converted_on_request_alone() {
    let numbers: Vec<f64> = (0..15).map(|n| f64::from(n) - 0.5).collect();
    let expected: Vec<f32> = (0..15).map(|n| n as f32 - 0.5).collect();
    let bfloats: Vec<_> = expected
        .iter()
        .map(|n| n.to_le_bytes()[2..].to_vec())
        .collect();
    // -0.5, 0.5, 1.5, .., 13.5
    let halves = [
        0xb800u16, 0x3800, 0x3e00, 0x4100, 0x4300, 0x4480, 0x4580, 0x4680, 0x4780, 0x4840, 0x48c0,
        0x4940, 0x49c0, 0x4a40, 0x4ac0,
    ];
    let halves: Vec<_> = halves
        .iter()
        .map(|bits| bits.to_le_bytes().to_vec())
        .collect();
    let doubles: Vec<_> = numbers.iter().map(|n| n.to_le_bytes().to_vec()).collect();
    for (dtype, values) in [("BF16", bfloats), ("F16", halves), ("F64", doubles)] {
        let file = file(dtype, &values);
        let message = file.refusal();
        assert!(
            message.contains("`load_converted` reads F16, BF16 and F64 as F32"),
            "{message}"
        );
        let converted = weights::load_converted::<Net>(&file.path).unwrap();
        assert_eq!(converted.as_slice(), expected, "{dtype}");
    }
    let saved = weights::load_converted::<Net>(&File::saved().path).unwrap();
    assert_eq!(bits(&*saved), bits(&*net()));
    let integers = File::with(&[
        ("dense.kernel", "I32", &[2, 3]),
        ("dense.bias", "F32", &[4]),
        ("dense_1.kernel", "F32", &[3, 2]),
    ]);
    let message = weights::load_converted::<Net>(&integers.path)
        .err()
        .unwrap()
        .to_string();
    assert!(message.contains("found I32, expected F32"), "{message}");
    assert!(message.contains("found (4), expected (3)"), "{message}");
    assert!(!message.contains("load_converted"), "{message}");
}

#[test]
fn a_number_that_no_single_holds_is_refused() {
    let mut numbers = vec![1.0f64.to_le_bytes().to_vec(); 15];
    numbers[7] = (-1e39f64).to_le_bytes().to_vec();
    let file = file("F64", &numbers);
    let message = weights::load_converted::<Net>(&file.path)
        .err()
        .unwrap()
        .to_string();
    let number = format!("{}", -1e39);
    let expected =
        format!("\n  tensor `dense.bias` holds {number}, expected numbers that F32 can hold");
    assert!(message.ends_with(&expected), "{message}");
}

#[test]
fn of_a_trainings_state_the_weights_are_loaded() {
    let (model, file) = (net(), File::new(&[]));
    let slot = [17.0; 15];
    let section = |prefix, values| weights::Section {
        prefix,
        layout: &Net::LAYOUT,
        values: bytemuck::cast_slice(values),
    };
    let sections = [
        section("model", model.as_slice()),
        section("optimizer.momentum", &slot),
    ];
    let mut metadata = weights::model_metadata::<Net>();
    metadata.insert("training.optimizer".to_owned(), "adam momentum".to_owned());
    weights::save_sections(&file.path, &sections, &metadata).unwrap();
    assert_eq!(
        bits(&*weights::load::<Net>(&file.path).unwrap()),
        bits(&*model)
    );
}

#[cfg(unix)]
#[test]
fn files_that_are_not_regular_are_not_read() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    assert!(made.success());
    let endless = folder.path().join("endless");
    symlink("/dev/zero", &endless).unwrap();
    for (path, kind) in [
        (&*fifo, "a FIFO"),
        (&endless, "a device"),
        (folder.path(), "a folder"),
    ] {
        let message = weights::load::<Net>(path).err().unwrap().to_string();
        let expected = format!(
            "cannot read `{}`: found {kind}, expected a file",
            path.display()
        );
        assert_eq!(message, expected);
    }
}
