//! The 8-bit networks that MLPerf Tiny publishes, read from their folder, which `KERUST_MLPERF` names.

use super::interpreter::{Schedule, Values, run};
use super::{check, check_all, file};
use kerust_core::weights::tflite::{Graph, import};
use safetensors::SafeTensors;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const MODELS: [(&str, &str); 3] = [
    ("ad", "ad01_int8"),
    ("ic", "pretrainedResnet_quant"),
    ("kws", "kws_ref_model"),
];

/// Their declarations, without line breaks.
const DECLARED: [(&str, &str); 3] = [
    (
        "ad01_int8",
        ": Input(640) => Dense(128, relu) => Dense(128, relu) => Dense(128, relu) => Dense(128, relu) \
         => Dense(8, relu) => Dense(128, relu) => Dense(128, relu) => Dense(128, relu) => \
         Dense(128, relu) => Dense(640) }",
    ),
    (
        "pretrainedResnet_quant",
        "{ let input = Input(32, 32, 3); let conv2d = input => Conv2D(16, 3x3, same, relu); let \
         conv2d_2 = conv2d => Conv2D(16, 3x3, same, relu) => Conv2D(16, 3x3, same); let add = \
         Add(conv2d, conv2d_2) => ReLU; let conv2d_4 = add => Conv2D(32, 3x3, strides = 2, same, \
         relu) => Conv2D(32, 3x3, same); let conv2d_5 = add => Conv2D(32, 1x1, strides = 2, \
         same); let add_1 = Add(conv2d_5, conv2d_4) => ReLU; let conv2d_7 = add_1 => Conv2D(64, \
         3x3, strides = 2, same, relu) => Conv2D(64, 3x3, same); let conv2d_8 = add_1 => \
         Conv2D(64, 1x1, strides = 2, same); Add(conv2d_8, conv2d_7) => ReLU => \
         AveragePooling2D(8x8) => Flatten => Dense(10, softmax) } }",
    ),
    (
        "kws_ref_model",
        ": Input(49, 10, 1) => Conv2D(64, 10x4, strides = 2, same, relu) => DepthwiseConv2D(3x3, \
         same, relu) => Conv2D(64, 1x1, same, relu) => DepthwiseConv2D(3x3, same, relu) => \
         Conv2D(64, 1x1, same, relu) => DepthwiseConv2D(3x3, same, relu) => Conv2D(64, 1x1, same, \
         relu) => DepthwiseConv2D(3x3, same, relu) => Conv2D(64, 1x1, same, relu) => \
         AveragePooling2D(25x5) => Flatten => Dense(12, softmax) }",
    ),
];

/// The files, or none with a visible warning if the folder is missing.
fn published() -> Vec<(&'static str, PathBuf)> {
    let Some(folder) = std::env::var_os("KERUST_MLPERF") else {
        skipped(
            "no published 8-bit model was run, for `KERUST_MLPERF` names no folder of MLPerf Tiny's models",
        );
        return Vec::new();
    };
    let path = |(folder_of, name)| Path::new(&folder).join(folder_of).join(name);
    let models = MODELS.into_iter();
    models
        .map(|(folder, name)| (name, path((folder, format!("{name}.tflite")))))
        .collect()
}

/// Prints to the terminal, bypassing the output capture of the test harness.
fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

#[test]
fn published_networks_give_the_bytes_of_tensorflow_lite_micro() {
    let bytes = file("published.safetensors");
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    for (name, path) in published() {
        let tensor = |part: &str| expected.tensor(&format!("{name}.{part}")).unwrap();
        let [x, y] = [tensor("x"), tensor("y")];
        let model = std::fs::read(path).unwrap();
        check(name, &model, x.data(), y.data(), x.shape()[0]);
    }
}

/// The declarations read as those that were trained. `scripts/compare_tflite.py` compiles and runs them.
#[test]
fn published_networks_are_imported() {
    for (name, path) in published() {
        let import = import(&std::fs::read(path).unwrap(), "Net").unwrap();
        let (_, declaration) = import.declaration.split_once("pub Net").unwrap();
        let words: Vec<&str> = declaration.split_whitespace().collect();
        let (_, expected) = DECLARED.iter().find(|(it, _)| *it == name).unwrap();
        assert_eq!(words.join(" "), *expected);
    }
}

/// 1,000 random and 100 structured inputs for each network, against TensorFlow Lite Micro itself, which
/// the Python that `KERUST_TFLITE_PYTHON` names has. `KERUST_TFLITE_MODELS` adds models, separated as in
/// `PATH`.
#[test]
fn random_inputs_give_the_bytes_of_tensorflow_lite_micro() {
    let Some(python) = std::env::var_os("KERUST_TFLITE_PYTHON") else {
        skipped(
            "no random input was compared, for `KERUST_TFLITE_PYTHON` names no Python with tflite-micro",
        );
        return;
    };
    let added = std::env::var_os("KERUST_TFLITE_MODELS").unwrap_or_default();
    let added = std::env::split_paths(&added);
    // No variable is one empty path.
    let added = added.filter(|path| !path.as_os_str().is_empty());
    let models = published().into_iter().map(|(_, path)| path).chain(added);
    for path in models {
        let model = std::fs::read(&path).unwrap();
        let graph =
            Graph::read(&model).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let len = graph.tensors[graph.inputs[0]].len();
        let x: Vec<Vec<i8>> = (0..1100).map(|sample| input(sample, len)).collect();
        let folder = tempfile::tempdir().unwrap();
        let [source, target] = ["x", "y"].map(|name| folder.path().join(name));
        let bytes: Vec<u8> = x.iter().flatten().map(|value| *value as u8).collect();
        std::fs::write(&source, bytes).unwrap();
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/tflite/make_tflite.py");
        let mut command = Command::new(&python);
        command
            .arg(script)
            .arg("run")
            .args([&path, &source, &target]);
        assert!(command.status().unwrap().success());
        let expected = std::fs::read(target).unwrap();
        let expected = expected.chunks_exact(expected.len() / x.len());
        let mut different = 0;
        for (x, expected) in x.iter().zip(expected) {
            let outputs = run(&graph, &[Values::I8(x.clone())], Schedule::Whole);
            let [Values::I8(y)] = &*outputs else {
                panic!("{} does not end in 8 bits", path.display());
            };
            let pairs = y.iter().zip(expected);
            different += pairs
                .filter(|(y, expected)| **y as u8 != **expected)
                .count();
        }
        assert_eq!(different, 0, "{}", path.display());
        let _ = writeln!(
            std::io::stderr(),
            "{}: {} inputs, 0 differences",
            path.display(),
            x.len()
        );
    }
}

/// Custom cases, in a file written by `make_tflite.py`, which `KERUST_TFLITE_CASES` names.
#[test]
fn more_cases_give_the_bytes_of_tensorflow_lite_micro() {
    match std::env::var_os("KERUST_TFLITE_CASES") {
        Some(path) => {
            let (models, bytes) = check_all(&std::fs::read(path).unwrap());
            let _ = writeln!(
                std::io::stderr(),
                "{models} models, {bytes} bytes, 0 differences"
            );
        }
        None => {
            skipped("no more 8-bit cases were run, for `KERUST_TFLITE_CASES` names no file of them")
        }
    }
}

/// Random values for the first 1,000 samples, then structures: constants, ramps, checkerboards, single
/// values.
fn input(sample: usize, len: usize) -> Vec<i8> {
    let mut state = sample as u64 + 1;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as i8
    };
    let structure = sample.saturating_sub(1000);
    let value = |place: usize| match structure % 4 {
        0 => structure * 64 / 25,
        1 => place * (structure / 4 + 1),
        2 => (place / (structure / 4 + 1)) % 2 * 255,
        _ => usize::from(place == structure * 37 % len) * 255,
    };
    (0..len)
        .map(|place| match sample {
            ..1000 => random(),
            _ => (value(place) as u8 ^ 0x80) as i8,
        })
        .collect()
}
