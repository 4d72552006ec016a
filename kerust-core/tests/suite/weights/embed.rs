//! `embed` accepts the files that `load` accepts, with the same values, and rejects the others with the same
//! messages.

use super::stored::{Net, Tanh, Wide};
use super::{BIAS, File, KERNEL, KERNEL_1, bits, net};
use kerust_core::layer::LayerData;
use kerust_core::model::Model;
use kerust_core::weights::{self, Section, embedded, model_metadata};
use std::fs;
use std::panic::catch_unwind;

static PYTHONS: Net = embedded(
    "python.safetensors",
    include_bytes!("../../files/python.safetensors"),
);

/// The message with which `bytes` are rejected.
pub fn refusal<M: Model>(bytes: &[u8]) -> Option<String> {
    let outcome = catch_unwind(|| Box::new(embedded::<M>("FILE", bytes)));
    outcome
        .err()
        .map(|panic| *panic.downcast::<String>().expect("a message"))
}

/// The message of `load`.
fn refusal_to_load<M: Model>(file: &File) -> String {
    let error = weights::load::<M>(&file.path).err().unwrap().to_string();
    error.replace(&file.path.display().to_string(), "FILE")
}

#[test]
fn saved_weights_are_embedded_bit_for_bit() {
    let file = File::saved();
    let embedded: Net = embedded("FILE", &fs::read(&file.path).unwrap());
    assert_eq!(bits(&embedded), bits(&*net()));
}

#[test]
fn a_static_holds_what_loading_reads() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/files/python.safetensors"
    );
    let loaded = weights::load::<Net>(path).unwrap();
    assert_eq!(bits(&PYTHONS), bits(&*loaded));
}

#[test]
fn values_behind_a_header_of_any_length_and_in_any_order_are_embedded() {
    let tensors = [KERNEL_1, BIAS, KERNEL];
    let bytes = fs::read(File::with(&tensors).path).unwrap();
    for padding in 0..8 {
        let mut bytes = bytes.clone();
        let header_len = u64::from_le_bytes(*bytes.first_chunk().unwrap());
        bytes[..8].copy_from_slice(&(header_len + padding).to_le_bytes());
        let place = 8 + header_len as usize;
        bytes.splice(place..place, vec![b' '; padding as usize]);
        let start = place + padding as usize;
        for value in 0..15u8 {
            let at = start + 4 * usize::from(value);
            bytes[at..at + 4].copy_from_slice(&f32::from(value).to_le_bytes());
        }
        let net: Net = embedded("FILE", &bytes);
        assert_eq!(net.dense_1.kernel, [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]);
        assert_eq!(net.dense.bias, [6.0, 7.0, 8.0]);
        assert_eq!(net.dense.kernel, [[9.0, 10.0, 11.0], [12.0, 13.0, 14.0]]);
    }
}

#[test]
fn of_a_trainings_state_the_model_is_embedded() {
    let (model, file) = (net(), File::new(&[]));
    let slot = [17.0; 15];
    let section = |prefix, values| Section {
        prefix,
        layout: &Net::LAYOUT,
        values: bytemuck::cast_slice(values),
    };
    let sections = [
        section("optimizer.momentum", &slot),
        section("model", model.as_slice()),
    ];
    let mut metadata = model_metadata::<Net>();
    let without = metadata.clone();
    metadata.insert("training.optimizer".to_owned(), "adam momentum".to_owned());
    weights::save_sections(&file.path, &sections, &metadata).unwrap();
    let embedded: Net = embedded("FILE", &fs::read(&file.path).unwrap());
    assert_eq!(bits(&embedded), bits(&*model));

    weights::save_sections(&file.path, &sections, &without).unwrap();
    let message = refusal::<Net>(&fs::read(&file.path).unwrap()).unwrap();
    assert!(message.contains("`optimizer.momentum.dense.bias` is not expected"));
}

#[test]
fn every_difference_is_told_in_the_words_of_loading() {
    let surplus = ("dense_2.kernel", "F32", &[7][..]);
    for file in [
        File::with(&[KERNEL, BIAS]),
        File::with(&[BIAS, ("dense.kernal", "F32", &[2, 3]), surplus]),
        File::with(&[("dense.bias", "F32", &[5]), surplus]),
        File::with(&[KERNEL, ("dense.bias", "F16", &[3]), KERNEL_1]),
        File::with(&[KERNEL, BIAS, KERNEL_1, surplus]),
        File::with(&[("dense.kernel", "F32", &[3, 2]), BIAS, KERNEL_1]),
        File::with(&[("dense.kernel", "F32", &[6]), BIAS, KERNEL_1]),
        File::with(&[KERNEL, ("dense.bias", "F64", &[3]), KERNEL_1]),
        File::with(&[KERNEL, ("dense.bias", "F32", &[4]), surplus]),
    ] {
        the_words_of_loading::<Net>(&file);
    }
    the_words_of_loading::<Wide>(&File::saved());
    the_words_of_loading::<Tanh>(&File::saved());
}

fn the_words_of_loading<M: Model>(file: &File) {
    let found = refusal::<M>(&fs::read(&file.path).unwrap()).expect("a refusal");
    same_words(&refusal_to_load::<M>(file), &found);
    assert!(found.contains("model.save(\"FILE\")"));
}

/// `embedded` contains the message `loaded`, wrapped as rustc does, followed by help.
pub fn same_words(loaded: &str, embedded: &str) {
    let expected = loaded
        .replace("\n  ", "\n= note: ")
        .replacen('\n', "\n\n", 1);
    let (found, _) = embedded.rsplit_once("\n= help: ").expect("help");
    assert_eq!(found.trim_end(), expected);
}

#[test]
fn a_file_cut_anywhere_is_not_embedded() {
    let bytes = fs::read(File::saved().path).unwrap();
    for end in 0..bytes.len() {
        let message = refusal::<Net>(&bytes[..end]).expect("a refusal");
        assert!(message.starts_with("`FILE` is "), "{message}");
    }
    let cut = File::new(&bytes[..bytes.len() - 1]);
    let expected = refusal_to_load::<Net>(&cut);
    let found = refusal::<Net>(&bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(found.lines().next().unwrap(), expected);
}

#[test]
fn errors_about_any_bytes_are_readable() {
    let bytes = fs::read(File::saved().path).unwrap();
    let header_len = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    for place in 0..8 + header_len {
        for byte in [0, b'"', b'\\', b'{', b'}', b',', b'9', 0xff] {
            let mut bytes = bytes.clone();
            bytes[place] = byte;
            if let Some(message) = refusal::<Net>(&bytes) {
                let known = ["`FILE` is ", "the weights in `FILE`"];
                assert!(
                    known.iter().any(|known| message.starts_with(known)),
                    "{message}"
                );
            }
        }
    }
}

#[test]
fn files_of_other_kinds_are_named() {
    for (bytes, found) in [
        (&b""[..], "an empty file"),
        (b"\x89HDF\r\n\x1a\n0000", "an HDF5 file"),
        (b"version https://git-lfs", "a pointer of Git LFS"),
        (
            b"some text",
            "the first bytes [73, 6f, 6d, 65, 20, 74, 65, 78]",
        ),
        (b"\x02\0\0\0\0\0\0\0{]", "a header with a fault at byte 9"),
    ] {
        let message = refusal::<Net>(bytes).unwrap();
        let start = format!("`FILE` is not a safetensors file: found {found}, expected");
        assert!(message.starts_with(&start), "{message}");
    }
}
