//! Comparisons with Keras's results for the same files: `tests/data/generate.py`.

use super::*;
use crate::data::{Class, Data, Dataset};
use crate::tensor::{Rank1, Rank3, StaticShape};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// Keras's results: the training and the test samples.
fn keras(case: &str) -> [Value; 2] {
    let text = fs::read_to_string(file("keras.json")).unwrap();
    let mut golden: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(golden["keras"], "3.15.1");
    let parts = golden[case].as_array_mut().expect(case);
    [0, 1].map(|part| parts[part].take())
}

/// A checksum for each sample, in which each value has another weight.
fn checksums<X: StaticShape, Y: Data>(data: &Dataset<X, Y>) -> Vec<f64> {
    let checksum = |(x, _): (Box<crate::tensor::Tensor<X>>, _)| {
        let values = x.as_slice().iter().enumerate();
        values
            .map(|(i, value)| f64::from(*value) * (1 + i % 13) as f64)
            .sum()
    };
    data.iter().map(checksum).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

fn assert_table<const N: usize>(
    loaded: crate::Result<(Dataset<Rank1<N>, Rank1<1>>, Dataset<Rank1<N>, Rank1<1>>)>,
    case: &str,
) {
    let (train, test) = loaded.unwrap();
    for (part, keras) in [train, test].iter().zip(keras(case)) {
        // The numbers are multiples of 1/8 and 1/4, so every sum is exact.
        assert_eq!(checksums(part), numbers(&keras["x"]), "{case}");
        let y: Vec<f64> = part.iter().map(|(_, y)| y.as_slice()[0].into()).collect();
        assert_eq!(y, numbers(&keras["y"]), "{case}");
    }
}

fn assert_images<X: StaticShape, const N: usize>(
    loaded: crate::Result<(Dataset<X, Class<N>>, Dataset<X, Class<N>>)>,
    case: &str,
) {
    let (train, test) = loaded.unwrap();
    for (part, keras) in [train, test].iter().zip(keras(case)) {
        assert_eq!(checksums(part), numbers(&keras["x"]), "{case}");
        let y: Vec<f64> = part.iter().map(|(_, y)| y.index() as f64).collect();
        assert_eq!(y, numbers(&keras["y"]), "{case}");
    }
}

fn assert_texts(loaded: crate::Result<(Sequences, Sequences)>, case: &str) {
    let (train, test) = loaded.unwrap();
    for (part, keras) in [train, test].iter().zip(keras(case)) {
        let x: Vec<Vec<u32>> = serde_json::from_value(keras["x"].clone()).unwrap();
        let y: Vec<u32> = serde_json::from_value(keras["y"].clone()).unwrap();
        assert_eq!(part.sequences, x, "{case}");
        assert_eq!(part.labels, y, "{case}");
    }
}

fn message<T>(outcome: crate::Result<T>) -> String {
    outcome.err().expect("refused").to_string()
}

#[test]
fn tables_are_shuffled_and_split_as_by_keras() {
    let boston = boston_housing::Load::new();
    let path = file("boston_housing.npz");
    assert_table(boston.load_from(&path), "boston_housing");
    assert_table(
        boston.test_split(0.3).seed(7).load_from(&path),
        "boston_housing_30",
    );
    let california = california_housing::Load::new();
    let path = file("california_housing.npz");
    assert_table(california.load_from(&path), "california_housing");
    let small = california.version(california_housing::Version::Small);
    assert_table(small.load_from(&path), "california_housing_small");
}

#[test]
fn mnist_is_read_from_kerass_file_alone_and_in_a_folder() {
    let path = file("mnist.npz");
    assert_images(mnist::load_from::<Rank3<28, 28, 1>>(&path), "mnist");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(&path, folder.path().join("mnist.npz")).unwrap();
    assert_images(mnist::load_from::<Rank1<784>>(folder.path()), "mnist");
}

#[test]
fn cifar_is_read_from_archives_and_from_kerass_folders() {
    let archive = file("cifar-10-python.tar.gz");
    assert_images(cifar10::load_from(&archive), "cifar10");
    let names = [
        "data_batch_1",
        "data_batch_2",
        "data_batch_3",
        "data_batch_4",
        "data_batch_5",
    ];
    let names = names.iter().chain(&["test_batch"]);
    let inside: Vec<String> = names
        .map(|name| format!("cifar-10-batches-py/{name}"))
        .collect();
    let keras = tempfile::tempdir().unwrap();
    let target = keras.path().join("cifar-10-batches-py-target");
    for (name, bytes) in inside.iter().zip(tar::files(&archive, &inside).unwrap()) {
        let path = target.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    assert_images(cifar10::load_from(&target), "cifar10");
    assert_images(
        cifar10::load_from(target.join("cifar-10-batches-py")),
        "cifar10",
    );

    fs::remove_file(target.join("cifar-10-batches-py/data_batch_3")).unwrap();
    let message = message(cifar10::load_from(&target));
    assert!(
        message.starts_with("cannot read `") && message.contains("data_batch_3"),
        "{message}"
    );
}

#[test]
fn the_labels_type_decides_between_fine_and_coarse() {
    let archive = file("cifar-100-python.tar.gz");
    assert_images(cifar100::load_from::<Class<100>>(&archive), "cifar100_fine");
    assert_images(
        cifar100::load_from::<Class<20>>(&archive),
        "cifar100_coarse",
    );
    let message = message(cifar10::load_from(&archive));
    let expected = "lacks the file `cifar-10-batches-py/data_batch_1`: found `cifar-100-python";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn texts_are_ordered_and_limited_as_by_keras() {
    let path = file("imdb.npz");
    let load = imdb::Load::new;
    assert_texts(load().load_from(&path), "imdb_default");
    assert_texts(
        load().num_words(20).skip_top(5).load_from(&path),
        "imdb_num_words",
    );
    assert_texts(load().maxlen(9).seed(7).load_from(&path), "imdb_maxlen");
    let dropped = load()
        .num_words(20)
        .oov_char(None)
        .start_char(None)
        .index_from(0);
    assert_texts(dropped.load_from(&path), "imdb_dropped");
    let start = load().start_char(7).oov_char(8).index_from(9);
    assert_texts(start.load_from(&path), "imdb_start");

    let path = file("reuters.npz");
    let load = reuters::Load::new;
    assert_texts(load().load_from(&path), "reuters_default");
    assert_texts(
        load().num_words(20).skip_top(5).load_from(&path),
        "reuters_num_words",
    );
    assert_texts(load().maxlen(9).seed(7).load_from(&path), "reuters_maxlen");
    let dropped = load()
        .num_words(20)
        .oov_char(None)
        .start_char(None)
        .index_from(0);
    assert_texts(dropped.load_from(&path), "reuters_dropped");
    let start = load().start_char(7).oov_char(8).index_from(9);
    assert_texts(start.load_from(&path), "reuters_start");
    assert_texts(load().test_split(0.35).load_from(&path), "reuters_split");
}

#[test]
fn a_word_index_is_read() {
    let words = imdb::word_index_from(file("imdb_word_index.json")).unwrap();
    assert_eq!(words["fawn"], 34_701);
    assert_eq!(words["été"], 17);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.json");
    fs::write(&path, r#"{"the": "1"}"#).unwrap();
    let message = message(reuters::word_index_from(&path));
    assert!(
        message.contains("is not a JSON object of words and numbers: "),
        "{message}"
    );
    assert!(message.contains("line 1 column"), "{message}");
}

#[test]
fn arguments_that_leave_nothing_are_refused() {
    let boston = boston_housing::Load::new();
    for fraction in [1.0, -0.1, f64::NAN] {
        let message = message(
            boston
                .test_split(fraction)
                .load_from(file("boston_housing.npz")),
        );
        assert!(
            message.contains("expected a fraction from 0 up to"),
            "{message}"
        );
    }
    let outcome = imdb::Load::new().maxlen(1).load_from(file("imdb.npz"));
    assert!(message(outcome).ends_with("imdb.npz` holds no sequence shorter than `maxlen(1)`"));
    let outcome = reuters::Load::new()
        .maxlen(1)
        .load_from(file("reuters.npz"));
    assert!(message(outcome).ends_with("reuters.npz` holds no sequence shorter than `maxlen(1)`"));
}

#[test]
fn another_data_sets_file_is_refused_by_name_and_shape() {
    let outcome = california_housing::Load::new().load_from(file("boston_housing.npz"));
    let expected = "boston_housing.npz`: the array `x` has the shape (17, 13), expected (_, 8)";
    assert!(message(outcome).ends_with(expected));
    let outcome = mnist::load_from::<Rank1<784>>(file("reuters.npz"));
    let expected = "reuters.npz`: the array `y_train` is not there: found `x`, `y`";
    assert!(message(outcome).ends_with(expected));
    let outcome = imdb::Load::new().load_from(file("mnist.npz"));
    let expected = "the array `y_train` has the label 5 at place 1, expected a class below 2";
    let message = message(outcome);
    assert!(
        message.ends_with(&expected.replace("place 1", "place 0")),
        "{message}"
    );
}

#[test]
fn every_truncated_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cut = |name: &str, len: usize| {
        let path = folder.path().join(name);
        fs::write(&path, &fs::read(file(name)).unwrap()[..len]).unwrap();
        path
    };
    let len = |name: &str| fs::metadata(file(name)).unwrap().len() as usize;
    for len in 0..len("reuters.npz") {
        assert!(
            reuters::Load::new()
                .load_from(cut("reuters.npz", len))
                .is_err(),
            "{len}"
        );
    }
    for len in 0..len("cifar-100-python.tar.gz") {
        let path = cut("cifar-100-python.tar.gz", len);
        assert!(cifar100::load_from::<Class<20>>(path).is_err(), "{len}");
    }
    for len in (0..len("mnist.npz")).step_by(7) {
        assert!(
            mnist::load_from::<Rank1<784>>(cut("mnist.npz", len)).is_err(),
            "{len}"
        );
    }
}

#[test]
fn every_flipped_byte_is_refused_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let whole = reuters::Load::new().load_from(file("reuters.npz")).unwrap();
    let bytes = fs::read(file("reuters.npz")).unwrap();
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x21;
        fs::write(&path, bytes).unwrap();
        if let Ok(read) = reuters::Load::new().load_from(&path) {
            assert_eq!(read, whole, "{place}");
        }
    }
}

#[test]
fn a_batch_of_other_labels_or_images_is_refused() {
    let archive = file("cifar-100-python.tar.gz");
    let inside = ["train", "test"].map(|name| format!("cifar-100-python/{name}"));
    let files = tar::files(&archive, &inside).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let refusal = |train: &[u8]| {
        fs::write(root.join("train"), train).unwrap();
        fs::write(root.join("test"), &files[1]).unwrap();
        message(cifar100::load_from::<Class<20>>(root))
    };
    let replaced = |from: &[u8], to: &[u8]| {
        let at = files[0]
            .windows(from.len())
            .position(|bytes| bytes == from)
            .unwrap();
        [&files[0][..at], to, &files[0][at + from.len()..]].concat()
    };
    let text = |bytes: &[u8]| {
        refusal(bytes)
            .split_once("is not a valid pickle: ")
            .unwrap()
            .1
            .to_owned()
    };
    let keys = text(&replaced(b"coarse_labels", b"course_labels"));
    let expected = "found the keys `batch_label`, `fine_labels`, `course_labels`, `data`, expected \
                    `coarse_labels`";
    assert_eq!(keys, expected);
    let label = text(&replaced(b"(K\x03K\x11", b"(K\x03K\x14"));
    assert_eq!(
        label,
        "`coarse_labels`: sample 1 is of class 20, expected a class below 20"
    );
    let count = text(&replaced(b"(K\x03K\x11", b"(K\x03"));
    assert_eq!(count, "`coarse_labels`: found 2 labels of 3 images");
    let shape = text(&replaced(b"M\x00\x0c", b"M\x01\x0c"));
    assert_eq!(shape, "`data`: found 9216 bytes for an array of [3, 3073]");
    let kind = text(&replaced(b"U\x02u1", b"U\x02i8"));
    assert_eq!(
        kind,
        "`data`: found an array of other elements, expected unsigned bytes"
    );
    let order = text(&replaced(b"K\x00tb\x89", b"K\x00tb\x88"));
    assert_eq!(
        order,
        "`data`: found an array in Fortran order, expected C order"
    );
    let function = text(&replaced(b"cnumpy\nndarray\n", b"cposix\nsystem\n"));
    assert!(
        function.contains("it names the function `posix.system`"),
        "{function}"
    );
}

#[test]
fn a_tar_bomb_is_not_unpacked() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cifar-100-python.tar.gz");
    let mut header = [0; 512];
    header[..5].copy_from_slice(b"train");
    header[124..135].copy_from_slice(b"77777777777");
    header[156] = b'0';
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    encoder.write_all(&header).unwrap();
    for _ in 0..80 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    fs::write(&path, encoder.finish().unwrap()).unwrap();
    let message = message(cifar100::load_from::<Class<20>>(&path));
    assert!(
        message.contains("is truncated in `train`: found 67108352 bytes"),
        "{message}"
    );
}
