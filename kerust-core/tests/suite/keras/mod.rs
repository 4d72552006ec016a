//! Keras's files: Keras's own files are read, kerust's files can be read back, and every fault is reported by
//! name before any weight changes.

mod hostile;
mod memory;
mod models;
mod places;
mod published;
mod sequences;

use kerust::model;
use kerust_core::layer::LayerData;
use kerust_core::model::Model;
use kerust_core::train::Workflow;
use kerust_core::weights::keras;
use models::{Conv, Long, Nested, Short, Tiny, Unbiased, Wide};
use safetensors::SafeTensors;
use std::fs;
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/keras");
    folder.join(name)
}

/// The values that `make_keras.py` gives: 1/8, 2/8, ..
fn counted<M: Model>() -> Vec<f32> {
    (1..=M::LAYOUT.len()).map(|n| n as f32 / 8.0).collect()
}

fn message<M: Model>(path: &Path) -> String {
    let mut model = M::zeroed();
    let error = keras::load_into(&mut *model, path).unwrap_err();
    assert!(model.as_slice().iter().all(|value| *value == 0.0));
    error
        .to_string()
        .replace(&path.display().to_string(), "FILE")
}

/// The message about a file of these bytes.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.weights.h5");
    fs::write(&path, bytes).unwrap();
    message::<Tiny>(&path)
}

fn replaced(name: &str, from: &str, to: &str) -> Vec<u8> {
    let mut bytes = fs::read(file(name)).unwrap();
    assert_eq!(from.len(), to.len());
    for place in 0..bytes.len() {
        if bytes[place..].starts_with(from.as_bytes()) {
            bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}

#[test]
fn every_kind_of_keras_file_loads() {
    for name in ["tiny.weights.h5", "tiny.keras", "tiny.h5"] {
        let model = keras::load::<Tiny>(file(name)).unwrap();
        assert_eq!(model.as_slice(), counted::<Tiny>(), "{name}");
        assert_eq!(model.dense_1.bias, [22.0 / 8.0, 23.0 / 8.0], "{name}");
    }
}

#[test]
fn convolutions_and_batch_normalization_load() {
    for name in ["conv.weights.h5", "conv.h5", "conv_keras2_weights.h5"] {
        let model = keras::load::<Conv>(file(name)).unwrap();
        assert_eq!(model.as_slice(), counted::<Conv>(), "{name}");
    }
}

model! { pub Normal: Input(3) => Normalization => Dense(2) }

/// Keras stores a count along with the statistics of a `Normalization`.
#[test]
fn the_statistics_of_a_normalization_are_loaded() {
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/normalization.safetensors");
    let golden = fs::read(golden).unwrap();
    let golden = SafeTensors::deserialize(&golden).unwrap();
    let tensor = |name: &str| -> Vec<f32> {
        let words = golden.tensor(name).unwrap().data().chunks_exact(4);
        words
            .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    };
    for name in ["normalization.weights.h5", "normalization.keras"] {
        let model = keras::load::<Normal>(file(name)).unwrap();
        assert_eq!(model.normalization.mean[..], tensor("last.mean"), "{name}");
        assert_eq!(
            model.normalization.variance[..],
            tensor("last.variance"),
            "{name}"
        );
        let (x, y) = (tensor("last.data"), tensor("file.y"));
        for (x, y) in x.chunks_exact(3).zip(y.chunks_exact(2)) {
            let found = model.predict(&[x[0], x[1], x[2]].into());
            for (found, expected) in found.as_slice().iter().zip(y) {
                assert!(
                    (found - expected).abs() < 1e-5,
                    "{name}: {found}, Keras has {expected}"
                );
            }
        }
    }
}

#[test]
fn a_model_in_a_model_loads() {
    for name in ["nested.weights.h5", "nested.h5"] {
        let model = keras::load::<Nested>(file(name)).unwrap();
        assert_eq!(model.as_slice(), counted::<Nested>(), "{name}");
    }
}

#[test]
fn tensors_are_listed_without_a_model() {
    let tensors = keras::tensors(file("tiny.h5")).unwrap();
    let found: Vec<_> = tensors
        .iter()
        .map(|tensor| (tensor.path.as_str(), &tensor.sizes[..]))
        .collect();
    let expected: [(&str, &[usize]); 4] = [
        ("model_weights/dense_2/sequential/dense_2/kernel", &[4, 3]),
        ("model_weights/dense_2/sequential/dense_2/bias", &[3]),
        ("model_weights/dense_3/sequential/dense_3/kernel", &[3, 2]),
        ("model_weights/dense_3/sequential/dense_3/bias", &[2]),
    ];
    assert_eq!(found, expected);
    let values = tensors.into_iter().flat_map(|tensor| tensor.values);
    assert_eq!(values.collect::<Vec<_>>(), counted::<Tiny>());
}

#[test]
fn saved_weights_are_loaded_bit_for_bit() {
    fn check<M: Model>() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.weights.h5");
        let mut model = M::zeroed();
        model.as_mut_slice().copy_from_slice(&counted::<M>());
        model.as_mut_slice()[0] = f32::NAN;
        keras::save(&path, &*model).unwrap();
        let bytes = fs::read(&path).unwrap();
        let loaded = keras::load::<M>(&path).unwrap();
        let bits = |model: &M| {
            model
                .as_slice()
                .iter()
                .map(|v| v.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&loaded), bits(&model));
        keras::save(&path, &*model).unwrap();
        assert_eq!(
            fs::read(&path).unwrap(),
            bytes,
            "the same weights are the same file"
        );
    }
    check::<Tiny>();
    check::<Conv>();
    check::<Nested>();
    check::<Normal>();
}

#[test]
fn saved_tensors_are_where_keras_puts_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.weights.h5");
    for (name, save) in [
        (
            "tiny.weights.h5",
            (|path| keras::save(path, &*Tiny::zeroed())) as fn(&Path) -> _,
        ),
        ("conv.weights.h5", |path| {
            keras::save(path, &*Conv::zeroed())
        }),
        ("normalization.weights.h5", |path| {
            keras::save(path, &*Normal::zeroed())
        }),
    ] {
        save(&path).unwrap();
        let places = |path: &Path| {
            let tensors = keras::tensors(path).unwrap().into_iter();
            tensors.map(|t| (t.path, t.sizes)).collect::<Vec<_>>()
        };
        assert_eq!(places(&path), places(&file(name)));
    }
}

#[test]
fn another_ending_than_keras_loads_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.h5");
    let error = keras::save(&path, &*Tiny::zeroed())
        .unwrap_err()
        .to_string();
    assert_eq!(
        error.replace(&path.display().to_string(), "FILE"),
        "cannot write `FILE`: Keras loads weights only from names that end in `.weights.h5`"
    );
    assert!(!path.exists());
}

#[test]
fn another_shape_is_refused() {
    assert_eq!(
        message::<Wide>(&file("tiny.weights.h5")),
        "the weights in `FILE` do not fit the model `Wide`\n  \
         tensor `dense.kernel` (`layers/dense/vars/0` in the file) has another shape: found (4, 3), expected (4, 5)\n  \
         tensor `dense.bias` (`layers/dense/vars/1` in the file) has another shape: found (3), expected (5)\n  \
         tensor `dense_1.kernel` (`layers/dense_1/vars/0` in the file) has another shape: found (3, 2), expected (5, 2)"
    );
}

#[test]
fn a_missing_layer_is_refused() {
    assert_eq!(
        message::<Long>(&file("tiny.keras")),
        "the weights in `FILE` do not fit the model `Long`\n  \
         tensor `dense_2.kernel` is missing: expected shape (2, 2)"
    );
}

#[test]
fn a_surplus_layer_is_refused() {
    assert_eq!(
        message::<Short>(&file("tiny.h5")),
        "the weights in `FILE` do not fit the model `Short`\n  \
         tensor `model_weights/dense_3/sequential/dense_3/kernel` is not expected: found shape (3, 2)\n  \
         tensor `model_weights/dense_3/sequential/dense_3/bias` is not expected: found shape (2)"
    );
}

#[test]
fn a_layer_with_more_tensors_is_refused() {
    assert_eq!(
        message::<Unbiased>(&file("tiny.weights.h5")),
        "the weights in `FILE` do not fit the model `Unbiased`\n  \
         layer `dense` has another number of tensors: found 2, expected 1 (kernel)"
    );
    assert_eq!(
        message::<Unbiased>(&file("tiny.h5")),
        "the weights in `FILE` do not fit the model `Unbiased`\n  \
         tensor `model_weights/dense_2/sequential/dense_2/bias` is not expected: found shape (3)"
    );
}

#[test]
fn a_misnamed_tensor_is_refused() {
    assert_eq!(
        refusal(&replaced("tiny.h5", "dense_3/kernel", "dense_3/kernal")),
        "`FILE` holds no weights of Keras: found an HDF5 file with a fault at \
         `model_weights/dense_3/sequential/dense_3/kernal` (HDF5 format error: path not found: \
         model_weights/dense_3/sequential/dense_3/kernal), expected a `.weights.h5`, `.keras` or `.h5` that Keras wrote"
    );
    assert_eq!(
        refusal(&replaced("tiny.h5", "kernel", "kernal")),
        "the weights in `FILE` do not fit the model `Tiny`\n  \
         tensor `dense.kernel` is misnamed: found `model_weights/dense_2/sequential/dense_2/kernal`\n  \
         tensor `dense_1.kernel` is misnamed: found `model_weights/dense_3/sequential/dense_3/kernal`"
    );
}

#[test]
fn floating_point_elements_of_other_widths_become_f32() {
    for name in [
        "half.weights.h5",
        "bfloat16.weights.h5",
        "double.weights.h5",
    ] {
        let model = keras::load::<Tiny>(file(name)).unwrap();
        assert_eq!(model.as_slice(), counted::<Tiny>(), "{name}");
    }
}

#[test]
fn another_element_type_is_refused() {
    assert_eq!(
        message::<Tiny>(&file("whole.weights.h5")),
        "the weights in `FILE` do not fit the model `Tiny`\n  \
         tensor `dense.kernel` (`layers/dense/vars/0` in the file) has another element type: found I64, expected F32"
    );
    let error = keras::tensors(file("whole.weights.h5"))
        .unwrap_err()
        .to_string();
    let expected = "tensor `layers/dense/vars/0` has another element type: found I64, expected F32";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for name in ["tiny.weights.h5", "tiny.h5", "tiny.keras"] {
        let bytes = fs::read(file(name)).unwrap();
        for end in (0..bytes.len()).step_by(61).chain([bytes.len() - 1]) {
            refusal(&bytes[..end]);
        }
    }
    let bytes = fs::read(file("tiny.weights.h5")).unwrap();
    assert_eq!(
        refusal(&bytes[..10_000]),
        "`FILE` is truncated: found 10000 bytes, its header promises 14512"
    );
}

#[test]
fn a_file_damaged_anywhere_gives_an_error_or_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.h5");
    for name in ["tiny.weights.h5", "tiny.h5"] {
        let bytes = fs::read(file(name)).unwrap();
        for place in (0..bytes.len()).step_by(37) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0xff;
            fs::write(&path, damaged).unwrap();
            let _ = keras::load::<Tiny>(&path);
        }
    }
}

#[test]
fn files_of_other_kinds_are_named() {
    for (bytes, found) in [
        (vec![], "an empty file"),
        (
            b"some text".to_vec(),
            "the first bytes [73, 6f, 6d, 65, 20, 74, 65, 78]",
        ),
        (
            b"\x02\0\0\0\0\0\0\0{}".to_vec(),
            "what seems to be a safetensors file",
        ),
        (
            replaced("tiny.keras", "model.weights.h5", "model_weights_h5"),
            "a zip archive without `model.weights.h5`",
        ),
        (
            b"PK\x03\x04 and nothing more".to_vec(),
            "a zip archive with a fault (",
        ),
        (
            fs::read(file("empty.weights.h5")).unwrap(),
            "an HDF5 file without weights of layers",
        ),
    ] {
        let message = refusal(&bytes);
        let start = format!("`FILE` holds no weights of Keras: found {found}");
        assert!(message.starts_with(&start), "{message}");
        assert!(message.ends_with("expected a `.weights.h5`, `.keras` or `.h5` that Keras wrote"));
    }
}

/// Lets Keras itself load the saved file; `KERUST_KERAS_PYTHON` names a Python that has Keras.
#[test]
fn keras_loads_what_is_saved() {
    let Some(python) = std::env::var_os("KERUST_KERAS_PYTHON") else {
        skipped("Keras loaded nothing, for `KERUST_KERAS_PYTHON` names no Python with Keras");
        return;
    };
    fn save<M: Model>(folder: &Path, name: &str) {
        let mut model = M::zeroed();
        model.as_mut_slice().copy_from_slice(&counted::<M>());
        keras::save(folder.join(name), &*model).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    save::<Tiny>(folder.path(), "tiny.weights.h5");
    save::<Conv>(folder.path(), "conv.weights.h5");
    save::<Nested>(folder.path(), "nested.weights.h5");
    save::<Normal>(folder.path(), "normal.weights.h5");
    let status = std::process::Command::new(python)
        .arg(file("make_keras.py"))
        .arg("check")
        .arg(folder.path())
        .status();
    assert!(status.unwrap().success());
}

/// Reports a skipped test, bypassing the output capture of the test harness.
fn skipped(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
