use super::*;
use std::io::Write;

/// Two 2×3 images.
fn images() -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3];
    bytes.extend(0..12u8);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read_bytes(bytes: &[u8], expected: Option<&[Option<usize>]>) -> Result<Idx> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file-idx3-ubyte");
    std::fs::write(&path, bytes).unwrap();
    read_sized(&path, expected)
}

/// The message for `bytes`, without the folder's name.
fn fault(bytes: &[u8]) -> String {
    let message = read_bytes(bytes, Some(&[None, Some(2), Some(3)]))
        .unwrap_err()
        .to_string();
    let (path, message) = message.split_once("` ").unwrap();
    assert!(path.ends_with("file-idx3-ubyte"), "{path}");
    message.to_owned()
}

#[test]
fn plain_and_gzip_files_give_the_same_values() {
    let plain = read_bytes(&images(), None).unwrap();
    assert_eq!(plain.sizes, [2, 2, 3]);
    assert_eq!(plain.values, (0..12).collect::<Vec<u8>>());
    assert_eq!(read_bytes(&gzip(&images()), None).unwrap(), plain);
}

#[test]
fn a_wrong_start_is_refused() {
    let mut bytes = images();
    bytes[0] = 1;
    assert_eq!(
        fault(&bytes),
        "is not an IDX file: found the first bytes [01, 00, 08, 03], expected [00, 00, 08, rank]"
    );
    assert!(fault(&[]).contains("found the first bytes []"));
}

#[test]
fn another_element_type_is_refused() {
    let mut bytes = images();
    bytes[2] = 0x0d;
    assert_eq!(
        fault(&bytes),
        "has elements of type 0x0d (32-bit floats), expected 0x08 (unsigned bytes)"
    );
}

#[test]
fn other_sizes_are_refused() {
    let mut bytes = images();
    bytes[11] = 4;
    assert_eq!(fault(&bytes), "has sizes (2, 4, 3), expected (_, 2, 3)");
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() {
    let bytes = images();
    assert_eq!(
        fault(&bytes[..27]),
        "is truncated: found 27 bytes, its header promises 28"
    );
    assert_eq!(
        fault(&bytes[..9]),
        "is truncated: found 9 bytes, its header promises 16"
    );
    let zipped = gzip(&bytes);
    for end in 2..zipped.len() {
        assert!(read_bytes(&zipped[..end], None).is_err(), "{end}");
    }
}

#[test]
fn surplus_bytes_are_refused() {
    let mut bytes = images();
    bytes.push(0);
    let message = "has surplus bytes: its header promises 28, and more follow";
    assert_eq!(fault(&bytes), message);
    assert_eq!(fault(&gzip(&bytes)), message);
}

#[test]
fn a_corrupt_gzip_stream_is_refused() {
    let mut bytes = gzip(&images());
    let checksum = bytes.len() - 6;
    bytes[checksum] ^= 1;
    assert!(fault(&bytes).starts_with("is corrupt or truncated gzip: "));
    let mut bytes = gzip(&images());
    bytes.extend(b"surplus");
    assert!(fault(&bytes).starts_with("is corrupt or truncated gzip: "));
}

/// A gzip file with this header, followed by this number of zeros.
fn gzip_of(sizes: &[u32], zeros: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    encoder.write_all(&[0, 0, 8, sizes.len() as u8]).unwrap();
    for size in sizes {
        encoder.write_all(&size.to_be_bytes()).unwrap();
    }
    let chunk = vec![0; 1 << 20];
    for start in (0..zeros).step_by(chunk.len()) {
        encoder
            .write_all(&chunk[..chunk.len().min(zeros - start)])
            .unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let bomb = gzip_of(&[120_000, 28, 28], 120_000 * 784);
    assert!(bomb.len() < 200_000, "{}", bomb.len());
    let message = read_bytes(&bomb, None).unwrap_err().to_string();
    assert!(
        message.contains("would unpack to 94080016 bytes"),
        "{message}"
    );
    // The header gives a small size. The bytes after it must not be decompressed either.
    let bomb = gzip_of(&[2, 2, 3], 70 << 20);
    assert_eq!(
        fault(&bomb),
        "has surplus bytes: its header promises 28, and more follow"
    );
}

#[test]
fn a_data_set_of_one_colour_is_no_bomb() {
    let plain = gzip_of(&[60_000, 28, 28], 60_000 * 784);
    let read = read_bytes(&plain, Some(&[None, Some(28), Some(28)])).unwrap();
    assert_eq!(read.values.len(), 60_000 * 784);
}

#[test]
fn a_plain_file_is_held_against_its_length_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images");
    std::fs::write(&path, [0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0]).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let message = read(&path).unwrap_err().to_string();
    assert!(
        message.contains("its header promises 4294967308"),
        "{message}"
    );
}

#[test]
fn sizes_that_overflow_allocate_nothing() {
    let mut bytes = vec![0, 0, 8, 3];
    bytes.extend([0xff; 12]);
    assert!(read_bytes(&bytes, None).is_err());
}
