//! Tests with files that NumPy wrote: `tests/data/generate.py`.

use super::*;
use std::fs;
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn arrays() -> Npz {
    Npz::open(file("arrays.npz")).unwrap()
}

/// The error message for `bytes` as an `.npy` file of floats, without the path.
fn fault(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    fs::write(&path, bytes).unwrap();
    let message = read::<f32>(&path).unwrap_err().to_string();
    message.split_once("x.npy` ").unwrap().1.to_owned()
}

fn refusal<T: Element>(name: &str) -> String {
    let message = arrays().read::<T>(name).err().unwrap().to_string();
    message.split_once(": the array ").unwrap().1.to_owned()
}

#[test]
fn elements_of_every_type_are_read() {
    macro_rules! check {
        ($($type:ty, $name:literal;)+) => {$(
            let array = arrays().read::<$type>($name).unwrap();
            assert_eq!(array.shape, [2, 3]);
            assert_eq!(array.values, [0, 1, 2, 3, 100, 27].map(|value: u8| value as $type));
        )+};
    }
    check! {
        f32, "f4"; f64, "f8"; i8, "i1"; i16, "i2"; i32, "i4"; i64, "i8";
        u8, "u1"; u16, "u2"; u32, "u4"; u64, "u8";
        f32, "big_f4"; i16, "big_i2"; u64, "big_u8";
    }
    let bools = arrays().read::<bool>("bools").unwrap();
    assert_eq!(bools.values, [false, false, false, true, true, true]);
}

#[test]
fn npy_files_and_packed_archives_hold_the_same() {
    let array = read::<f32>(file("array.npy")).unwrap();
    assert_eq!(array, arrays().read("f4").unwrap());
    assert_eq!(
        array,
        Npz::open(file("packed.npz")).unwrap().read("x").unwrap()
    );
}

#[test]
fn a_number_and_an_empty_array_are_arrays() {
    let number = arrays().read::<f32>("scalar").unwrap();
    assert_eq!((number.shape, number.values), (vec![], vec![2.5]));
    let empty = arrays().read::<f32>("empty").unwrap();
    assert_eq!((empty.shape, empty.values), (vec![0, 4], vec![]));
}

#[test]
fn another_type_is_named_with_the_expected_one() {
    let expected = "`i8` has elements of type `<i8` (64-bit integers), expected `f4` (32-bit \
                    floats); `array.astype(..)` changes them in NumPy";
    assert_eq!(refusal::<f32>("i8"), expected);
    assert!(refusal::<f32>("half").contains("`<f2` (16-bit floats), expected"));
    assert!(refusal::<f32>("text").contains("`<U1` (text), expected"));
    assert!(refusal::<f32>("objects").contains("`|O` (Python objects), expected"));
    assert!(refusal::<f32>("records").contains("the elements are records of fields"));
}

#[test]
fn fortran_order_is_named() {
    let expected =
        "`fortran` is in Fortran order (column by column), expected C order (row by row)";
    assert!(refusal::<f32>("fortran").starts_with(expected));
}

#[test]
fn a_missing_array_names_those_that_are_there() {
    let archive = Npz::open(file("packed.npz")).unwrap();
    let message = archive.read::<f32>("y").unwrap_err().to_string();
    assert!(
        message.ends_with("packed.npz`: the array `y` is not there: found `x`"),
        "{message}"
    );
    assert_eq!(archive.names().collect::<Vec<_>>(), ["x"]);
}

#[test]
fn truncated_and_longer_files_are_refused() {
    let bytes = fs::read(file("array.npy")).unwrap();
    for len in 0..bytes.len() {
        fault(&bytes[..len]);
    }
    let expected = "is truncated: found 150 bytes, its header promises 152";
    assert_eq!(fault(&bytes[..150]), expected);
    let expected = "has surplus bytes: its header promises 152, and more follow";
    assert_eq!(fault(&[&bytes[..], &[0]].concat()), expected);
    assert_eq!(
        fault(b"text, not an array"),
        "is not an NPY file: found the first bytes `text, no`, expected `\\x93NUMPY`"
    );
}

/// An `.npy` file with this header and no values.
fn with_header(header: &str) -> Vec<u8> {
    let len = header.len() as u16;
    [
        b"\x93NUMPY\x01\0",
        &len.to_le_bytes()[..],
        header.as_bytes(),
    ]
    .concat()
}

#[test]
fn headers_that_numpy_does_not_write_are_refused() {
    let cases = [
        (
            "{'descr': '<f4', 'fortran_order': False}",
            "found no key `shape`",
        ),
        (
            "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
            "expected `True` or `False` before",
        ),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "expected a size before `-1,)}`",
        ),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
            "found the key `x`",
        ),
        (
            "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
            "the type of the elements is ``",
        ),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1",
            "found `+ 1` after it",
        ),
        ("{'descr': '<f4", "a string has no end"),
        ("", "expected `{` before ``"),
    ];
    for (header, expected) in cases {
        let message = fault(&with_header(header));
        let start = "has a header that NumPy does not write: ";
        assert!(
            message.strip_prefix(start).unwrap().starts_with(expected),
            "{message}"
        );
    }
    let python2 = with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (0L, 3L), }");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.npy"), python2).unwrap();
    assert_eq!(
        read::<f32>(folder.path().join("x.npy")).unwrap().shape,
        [0, 3]
    );
}

#[test]
fn sizes_of_any_kind_allocate_nothing() {
    let of = |shape: &str| {
        fault(&with_header(&format!(
            "{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}"
        )))
    };
    assert!(of("(4611686018427387904, 4)").contains("more values than there can be"));
    assert!(of("(1000000000000,)").starts_with("is truncated: found "));
    assert!(of("(99999999999999999999999,)").contains("expected a size"));
}

/// An archive with one deflated member, whose decompressed size is given as `said` bytes in the list.
fn archive(content: &[u8], said: u32) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Default::default());
    encoder.write_all(content).unwrap();
    let packed = encoder.finish().unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let sums = [crc.sum(), packed.len() as u32, said]
        .map(u32::to_le_bytes)
        .concat();
    let local = [
        b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0",
        &sums[..],
        b"\x05\0\0\0x.npy",
    ]
    .concat();
    let entry = [
        b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0",
        &sums[..],
        b"\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x.npy",
    ]
    .concat();
    let start = (local.len() + packed.len()) as u32;
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
        &(entry.len() as u32).to_le_bytes()[..],
        &start.to_le_bytes(),
        b"\0\0",
    ]
    .concat();
    [local, packed, entry, end].concat()
}

fn archive_fault(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    fs::write(&path, bytes).unwrap();
    let outcome = Npz::open(&path).and_then(|archive| archive.read::<f32>("x"));
    outcome.unwrap_err().to_string()
}

#[test]
fn an_archive_is_held_against_its_lengths_and_checksums() {
    let content = fs::read(file("array.npy")).unwrap();
    let whole = archive(&content, 152);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    fs::write(&path, &whole).unwrap();
    assert_eq!(
        Npz::open(&path).unwrap().read::<f32>("x").unwrap().shape,
        [2, 3]
    );

    let message = archive_fault(&archive(&content, 160));
    assert!(
        message.contains("it unpacks to 152 bytes, expected 160"),
        "{message}"
    );
    let mut wrong = whole.clone();
    let place = whole
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    wrong[place + 16] ^= 1;
    assert!(archive_fault(&wrong).contains("its checksum is wrong"));
    assert!(archive_fault(&whole[..whole.len() - 1]).contains("its end, with the list of members"));
    assert!(archive_fault(b"text").contains("its end, with the list of members, is missing"));
}

#[test]
fn an_archive_is_not_unpacked_beyond_reason() {
    let bomb = archive(&vec![0; 70 << 20], 70 << 20);
    let message = archive_fault(&bomb);
    assert!(
        message.contains("it would unpack to 73400320 bytes, expected at most"),
        "{message}"
    );
    // The size in the list is too small. The excess must not be decompressed.
    let message = archive_fault(&archive(&vec![0; 70 << 20], 1000));
    assert!(
        message.contains("it unpacks to 1001 bytes, expected 1000"),
        "{message}"
    );
}
