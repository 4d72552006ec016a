//! TensorFlow Lite's files: the results equal those of TensorFlow Lite Micro byte for byte, and unsupported
//! files are rejected.

mod broken;
mod imported;
mod interpreter;
mod published;
mod refused;

use interpreter::{Schedule, Values, run};
use kerust_core::weights::tflite::{Element, Graph};
use safetensors::SafeTensors;
use std::path::Path;

/// A file of `make_tflite.py`.
fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/tflite");
    std::fs::read(folder.join(name)).unwrap()
}

/// The models of a file, by name.
fn models<'a>(file: &SafeTensors<'a>) -> Vec<(String, &'a [u8])> {
    let tensors = file.iter();
    let models = tensors.filter_map(|(name, view)| {
        let name = name.strip_suffix(".model")?;
        Some((name.to_string(), view.data()))
    });
    models.collect()
}

/// Compares the outputs of all samples of a case; returns how many bytes were compared.
fn check(name: &str, model: &[u8], x: &[u8], y: &[u8], samples: usize) -> usize {
    let graph = Graph::read(model).unwrap_or_else(|error| panic!("{name}: {error}"));
    let sample_len = x.len() / samples;
    for (number, (x, y)) in x
        .chunks_exact(sample_len)
        .zip(y.chunks_exact(y.len() / samples))
        .enumerate()
    {
        let mut rest = x;
        let inputs = graph.inputs.iter().map(|input| {
            let tensor = &graph.tensors[*input];
            let real = tensor.element == Element::F32;
            let values = rest.split_off(..tensor.len() * if real { 4 } else { 1 });
            let bytes = values.unwrap();
            match real {
                true => Values::F32(bytemuck::pod_collect_to_vec(bytes)),
                false => Values::I8(bytemuck::cast_slice(bytes).to_vec()),
            }
        });
        let inputs: Vec<_> = inputs.collect();
        for schedule in [Schedule::Whole, Schedule::Ring] {
            let outputs = run(&graph, &inputs, schedule);
            let found = outputs.iter().flat_map(|output| match output {
                Values::I8(y) => bytemuck::cast_slice(y).to_vec(),
                Values::F32(y) => bytemuck::cast_slice(y).to_vec(),
            });
            let found: Vec<u8> = found.collect();
            assert!(
                found == y,
                "{name}, sample {number}, {schedule:?}: found {:?}, expected {:?}",
                bytemuck::cast_slice::<u8, i8>(&found),
                bytemuck::cast_slice::<u8, i8>(y),
            );
        }
    }
    y.len()
}

/// Compares all cases of a file; returns how many there are, and their bytes.
fn check_all(bytes: &[u8]) -> (usize, usize) {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let models = models(&file);
    let compared = models.iter().map(|(name, model)| {
        let tensor = |part: &str| file.tensor(&format!("{name}.{part}")).unwrap();
        let [x, y] = [tensor("x"), tensor("y")];
        check(name, model, x.data(), y.data(), x.shape()[0])
    });
    (models.len(), compared.sum())
}

#[test]
fn every_operator_gives_the_bytes_of_tensorflow_lite_micro() {
    assert_eq!(check_all(&file("operators.safetensors")), (146, 138_240));
}

#[test]
fn networks_of_keras_give_the_bytes_of_tensorflow_lite_micro() {
    assert_eq!(
        check_all(&file("networks.safetensors")),
        (6, 24 * (10 + 1 + 4 + 3 + (8 + 3) + 4 * 5))
    );
}
