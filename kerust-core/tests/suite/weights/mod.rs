//! Weights in files: saved files can be read back, and every fault is reported by name before any weight
//! changes.

mod embed;
mod odd;
mod partial;
mod save;
mod stored;
#[cfg(feature = "tflite")]
mod tflite;

use kerust_core::layer::LayerData;
use kerust_core::model::Model;
use kerust_core::weights::{self, Section, SectionMut};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use stored::{Net, Tanh, Wide};

/// Values that arithmetic does not reproduce by chance.
fn net() -> Box<Net> {
    let mut net = Net::zeroed();
    for (place, value) in net.as_mut_slice().iter_mut().enumerate() {
        *value = 1.0 / (place as f32 - 3.5);
    }
    net.as_mut_slice()[0] = f32::NAN;
    net
}

fn bits(model: &impl LayerData) -> Vec<u32> {
    model
        .as_slice()
        .iter()
        .map(|value| value.to_bits())
        .collect()
}

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        fs::write(&path, bytes).unwrap();
        Self {
            _folder: folder,
            path,
        }
    }

    /// A file as any writer makes it: `tensors` are name, type, shape.
    fn with(tensors: &[(&str, &str, &[usize])]) -> Self {
        let (mut members, mut place) = (Vec::new(), 0);
        for (name, dtype, sizes) in tensors {
            let width = match *dtype {
                "F64" => 8,
                "F16" | "BF16" => 2,
                _ => 4,
            };
            let end = place + width * sizes.iter().product::<usize>();
            members.push(format!(
                r#""{name}":{{"dtype":"{dtype}","shape":{sizes:?},"data_offsets":[{place},{end}]}}"#
            ));
            place = end;
        }
        let header = format!("{{{}}}", members.join(","));
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.resize(bytes.len() + place, 0);
        Self::new(&bytes)
    }

    fn saved() -> Self {
        let file = Self::new(&[]);
        weights::save(&file.path, &*net()).unwrap();
        file
    }

    /// The message of a rejected load, without the path; the model must be unchanged.
    fn refusal(&self) -> String {
        let mut model = net();
        let before = bits(&*model);
        let error = weights::load_into(&mut *model, &self.path).unwrap_err();
        assert_eq!(bits(&*model), before);
        error
            .to_string()
            .replace(&self.path.display().to_string(), "FILE")
    }
}

const KERNEL: (&str, &str, &[usize]) = ("dense.kernel", "F32", &[2, 3]);
const BIAS: (&str, &str, &[usize]) = ("dense.bias", "F32", &[3]);
const KERNEL_1: (&str, &str, &[usize]) = ("dense_1.kernel", "F32", &[3, 2]);

#[test]
fn saved_weights_are_loaded_bit_for_bit() {
    let loaded = weights::load::<Net>(&File::saved().path).unwrap();
    assert_eq!(bits(&*loaded), bits(&*net()));
}

#[test]
fn the_same_weights_are_the_same_file() {
    let (first, second) = (File::saved(), File::saved());
    assert_eq!(
        fs::read(first.path).unwrap(),
        fs::read(second.path).unwrap()
    );
}

#[test]
fn the_files_data_is_the_models_image() {
    let bytes = fs::read(File::saved().path).unwrap();
    let header_len = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    assert_eq!(header_len % 8, 0);
    let image: Vec<u8> = net()
        .as_slice()
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    assert_eq!(bytes[8 + header_len..], image);
}

#[test]
fn the_header_names_the_architecture() {
    let metadata = weights::WeightsFile::open(&File::saved().path)
        .unwrap()
        .metadata()
        .clone();
    assert_eq!(metadata["format"], "kerust");
    assert_eq!(metadata["model"], "Net");
    assert_eq!(metadata["layers"], "dense: Dense(3, relu) (2) -> (3)");
    let fingerprint = format!("{:016x}", weights::fingerprint(Net::LAYERS));
    assert_eq!(metadata["architecture"], fingerprint);
    assert_eq!(metadata["kerust_version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_file_of_pythons_safetensors_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/python.safetensors");
    let net = weights::load::<Net>(path).unwrap();
    assert_eq!(net.dense.kernel, [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
    assert_eq!(net.dense.bias, [0.5, -0.5, 1.5]);
    assert_eq!(
        net.dense_1.kernel,
        [[0.0, -1.0], [-2.0, -3.0], [-4.0, -5.0]]
    );
}

#[test]
fn a_header_of_any_length_loads() {
    // Values after a header that is not padded have odd addresses.
    for padding in 0..8 {
        let mut bytes = fs::read(File::with(&[KERNEL, BIAS, KERNEL_1]).path).unwrap();
        let header_len = u64::from_le_bytes(*bytes.first_chunk().unwrap());
        bytes[..8].copy_from_slice(&(header_len + padding).to_le_bytes());
        let spaces = vec![b' '; padding as usize];
        let place = 8 + header_len as usize;
        bytes.splice(place..place, spaces);
        let end = bytes.len() - 4;
        bytes[end..].copy_from_slice(&7.0f32.to_le_bytes());
        let net = weights::load::<Net>(&File::new(&bytes).path).unwrap();
        assert_eq!(net.dense_1.kernel[2][1], 7.0);
    }
}

#[test]
fn all_differences_are_listed_in_one_error() {
    let file = File::with(&[
        ("dense.kernal", "F32", &[2, 3]),
        ("dense.bias", "F32", &[4]),
        ("optimizer.step", "F32", &[1]),
    ]);
    assert_eq!(
        file.refusal(),
        "the weights in `FILE` do not fit the model `Net`\n  \
         tensor `dense.bias` has another shape: found (4), expected (3)\n  \
         tensor `dense.kernel` is misnamed: found `dense.kernal`\n  \
         tensor `dense_1.kernel` is missing: expected shape (3, 2)\n  \
         tensor `optimizer.step` is not expected: found shape (1)"
    );
}

#[test]
fn another_element_type_is_refused() {
    let file = File::with(&[KERNEL, ("dense.bias", "F64", &[3]), KERNEL_1]);
    assert_eq!(
        file.refusal(),
        "the weights in `FILE` do not fit the model `Net`\n  \
         tensor `dense.bias` has another element type: found F64, expected F32\n  \
         `load_converted` reads F16, BF16 and F64 as F32; `save` then writes F32"
    );
}

#[test]
fn another_architecture_with_the_same_tensors_is_refused() {
    let file = File::saved();
    let error = weights::load::<Tanh>(&file.path).err().unwrap().to_string();
    assert_eq!(
        error.replace(&file.path.display().to_string(), "FILE"),
        "the weights in `FILE`, of a model `Net`, do not fit the model `Tanh`\n  \
         the architecture differs first at a layer: \
         found `dense: Dense(3, relu) (2) -> (3)`, expected `dense: Dense(3, tanh) (2) -> (3)`"
    );
}

#[test]
fn another_width_names_the_layer_and_each_tensor() {
    let file = File::saved();
    let error = weights::load::<Wide>(&file.path).err().unwrap().to_string();
    let lines: Vec<_> = error.lines().skip(1).map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "the architecture differs first at a layer: \
             found `dense: Dense(3, relu) (2) -> (3)`, expected `dense: Dense(4, relu) (2) -> (4)`",
            "tensor `dense.kernel` has another shape: found (2, 3), expected (2, 4)",
            "tensor `dense.bias` has another shape: found (3), expected (4)",
            "tensor `dense_1.kernel` has another shape: found (3, 2), expected (4, 2)",
        ]
    );
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = fs::read(File::saved().path).unwrap();
    for end in 0..bytes.len() {
        File::new(&bytes[..end]).refusal();
    }
    assert_eq!(
        File::new(&bytes[..bytes.len() - 1]).refusal(),
        format!(
            "`FILE` is truncated: found {} bytes, its header promises {}",
            bytes.len() - 1,
            bytes.len()
        )
    );
    assert!(
        File::new(&bytes[..20])
            .refusal()
            .contains("is truncated: found 20 bytes")
    );
}

#[test]
fn surplus_bytes_are_refused() {
    let mut bytes = fs::read(File::saved().path).unwrap();
    bytes.push(0);
    assert!(File::new(&bytes).refusal().contains("is too long: found"));
}

#[test]
fn files_of_other_kinds_are_named() {
    let expected = [
        (&b""[..], "an empty file"),
        (b"\x93NUMPY\x01\0v\0{", "a NumPy array"),
        (
            b"some text",
            "the first bytes [73, 6f, 6d, 65, 20, 74, 65, 78]",
        ),
        (
            b"\x02\0\0\0\0\0\0\0{]",
            "a header with a fault at byte 9, expected a string",
        ),
    ];
    for (bytes, found) in expected {
        let message = File::new(bytes).refusal();
        let start = format!("`FILE` is not a safetensors file: found {found}");
        assert!(message.starts_with(&start), "{message}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = weights::load::<Net>("no/such.safetensors").err().unwrap();
    assert!(
        error
            .to_string()
            .starts_with("cannot read `no/such.safetensors`: ")
    );
}

#[test]
fn sections_keep_their_values_and_the_text() {
    let (model, file) = (net(), File::new(&[]));
    let slot: Vec<f32> = (0..15).map(|value| value as f32).collect();
    let step = <[f32; 1]>::LAYOUT;
    let sections = [
        Section {
            prefix: "",
            layout: &Net::LAYOUT,
            values: model.as_bytes(),
        },
        Section {
            prefix: "optimizer.m",
            layout: &Net::LAYOUT,
            values: bytemuck::cast_slice(&slot),
        },
        Section {
            prefix: "step",
            layout: &step,
            values: bytemuck::cast_slice(&[17.0f32]),
        },
    ];
    let text = BTreeMap::from([("note".to_owned(), "a \"quote\"\nand ü".to_owned())]);
    weights::save_sections(&file.path, &sections, &text).unwrap();

    let (mut read, mut read_slot, mut number) = (Net::zeroed(), [0.0f32; 15], [0.0f32]);
    let mut sections = [
        SectionMut {
            prefix: "",
            layout: &Net::LAYOUT,
            values: read.as_mut_bytes(),
        },
        SectionMut {
            prefix: "optimizer.m",
            layout: &Net::LAYOUT,
            values: bytemuck::cast_slice_mut(&mut read_slot),
        },
        SectionMut {
            prefix: "step",
            layout: &step,
            values: bytemuck::cast_slice_mut(&mut number),
        },
    ];
    assert_eq!(
        weights::load_sections(&file.path, &mut sections).unwrap(),
        text
    );
    let outcome = weights::load_sections(&file.path, &mut sections[..1]);
    let message = outcome.unwrap_err().to_string();
    assert!(message.contains("tensor `step` is not expected: found shape (1)"));
    assert_eq!(message.matches("optimizer.m.").count(), 3);
    assert_eq!(bits(&*read), bits(&*model));
    assert_eq!(read_slot[..], slot);
    assert_eq!(number, [17.0]);
}
