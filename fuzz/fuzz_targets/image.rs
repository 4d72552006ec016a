//! Images: PNG, JPEG, GIF, BMP and WebP.
#![no_main]

use kerust::data::image;
use kerust::{Rank3, Tensor};
use kerust_fuzz::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    repair(&mut bytes);
    let path = file(&bytes, "png");
    if let Ok(image) = image::read::<Rank3<4, 5, 3>>(&path) {
        let image: &Tensor<Rank3<4, 5, 3>> = &image;
        assert!(image.as_slice().iter().all(|v| (0.0..=255.0).contains(v)));
    }
});

/// Writes the checksums of the chunks of a PNG, without which the decoder would see no changed chunk.
fn repair(bytes: &mut [u8]) {
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return;
    }
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let len = u32::from_be_bytes(head[..4].try_into().expect("four bytes")) as usize;
        let Some(checked) = bytes.get(at + 4..at + 8 + len) else {
            return;
        };
        let sum = crc(checked).to_be_bytes();
        let Some(stored) = bytes.get_mut(at + 8 + len..at + 12 + len) else {
            return;
        };
        stored.copy_from_slice(&sum);
        at += 12 + len;
    }
}

/// The CRC-32 of PNG.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
