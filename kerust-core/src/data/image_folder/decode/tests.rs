use super::*;
use image::{DynamicImage, ImageFormat, RgbImage};
use std::io::Cursor;

/// 33 rows and 50 columns of noise, so that every part of the file matters.
fn noise() -> RgbImage {
    RgbImage::from_fn(50, 33, |x, y| {
        let hash = (x * 7919 + y * 104_729 + 17).wrapping_mul(2_654_435_761);
        image::Rgb([(hash >> 8) as u8, (hash >> 16) as u8, (hash >> 24) as u8])
    })
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(noise())
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// A progressive JPEG of 33×50 noise, which TensorFlow wrote (`tests/data/generate.py`).
const PROGRESSIVE: &[u8] = include_bytes!("../../../../tests/data/progressive.jpg");

fn message(bytes: &[u8]) -> String {
    match Decoded::new(bytes) {
        Ok(image) => format!("read as {:?}", image.size),
        Err(message) => message,
    }
}

fn assert_refused(bytes: &[u8], case: &str) {
    assert!(Decoded::new(bytes).is_err(), "{case}: {}", message(bytes));
}

const FORMATS: [ImageFormat; 5] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::WebP,
];

#[test]
fn every_format_is_read() {
    for format in FORMATS {
        let image = Decoded::new(&encoded(format)).unwrap();
        assert_eq!(image.size, [33, 50], "{format:?}");
        let pixels = image.pixels(3).unwrap();
        let lossless = matches!(
            format,
            ImageFormat::Png | ImageFormat::Bmp | ImageFormat::WebP
        );
        assert!(!lossless || pixels == noise().into_raw(), "{format:?}");
    }
    assert_eq!(Decoded::new(PROGRESSIVE).unwrap().size, [33, 50]);
}

#[test]
fn a_file_that_was_cut_is_refused_wherever_it_was_cut() {
    for format in FORMATS {
        let bytes = encoded(format);
        for cut in [
            1,
            2,
            3,
            4,
            11,
            12,
            bytes.len() / 10,
            bytes.len() / 2,
            bytes.len() - 20,
        ] {
            let case = format!("{format:?} without its last {cut} bytes");
            assert_refused(&bytes[..bytes.len() - cut], &case);
        }
    }
    for cut in [1, 2, 10, PROGRESSIVE.len() / 2] {
        assert_refused(&PROGRESSIVE[..PROGRESSIVE.len() - cut], "progressive");
    }
}

#[test]
fn a_tail_of_zeros_is_refused() {
    // BMP and lossy WebP have no end marker or checksum that would reveal it.
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif] {
        let bytes = encoded(format);
        for tail in [2, 40, bytes.len() / 2] {
            let mut bytes = bytes.clone();
            let whole = bytes.len() - tail;
            bytes[whole..].fill(0);
            assert_refused(&bytes, &format!("{format:?} with {tail} zeros"));
        }
    }
    let mut bytes = PROGRESSIVE.to_vec();
    let half = bytes.len() / 2;
    bytes[half..].fill(0);
    assert_refused(&bytes, "progressive");
}

#[test]
fn bytes_behind_the_end_are_passed_over() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif] {
        let bytes = [encoded(format), vec![0; 512]].concat();
        assert_eq!(message(&bytes), "read as [33, 50]", "{format:?}");
    }
}

#[test]
fn a_thumbnail_with_an_end_of_its_own_is_no_end_of_the_image() {
    let bytes = encoded(ImageFormat::Jpeg);
    let thumbnail = [&[0xff, 0xe1, 0, 8][..], b"ab", &[0xff, 0xd8, 0xff, 0xd9]].concat();
    let whole = [&bytes[..2], &thumbnail, &bytes[2..]].concat();
    assert_eq!(message(&whole), "read as [33, 50]");
    assert_refused(&whole[..whole.len() / 2], "half");
}

#[test]
fn bytes_between_the_headers_are_passed_over_as_by_tensorflow() {
    let bytes = encoded(ImageFormat::Jpeg);
    let length = usize::from(u16::from_be_bytes([bytes[4], bytes[5]]));
    let (first, rest) = bytes.split_at(4 + length);
    let loose = [first, &[0; 16], rest].concat();
    assert_eq!(message(&loose), "read as [33, 50]");
}

/// The chunks of a PNG: name, start of the data, length.
fn chunks(png: &[u8]) -> Vec<(&[u8], usize, usize)> {
    let mut at = 8;
    let mut chunks = Vec::new();
    while at < png.len() {
        let len = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        chunks.push((&png[at + 4..at + 8], at + 8, len));
        at += 12 + len;
    }
    chunks
}

#[test]
fn every_checksum_of_a_png_is_checked() {
    let plain = encoded(ImageFormat::Png);
    let header = chunks(&plain)[0];
    let (before, behind) = plain.split_at(header.1 + header.2 + 4);
    let png = [before, &chunk(b"tEXt", b"a\0b"), behind].concat();
    assert_eq!(message(&png), "read as [33, 50]");
    let names: Vec<_> = chunks(&png).iter().map(|chunk| chunk.0.to_vec()).collect();
    assert!(names.contains(&b"tEXt".to_vec()) && names.contains(&b"IEND".to_vec()));
    for (name, start, len) in chunks(&png) {
        let mut broken = png.clone();
        broken[start + len] ^= 1;
        assert_refused(&broken, &name.escape_ascii().to_string());
    }
}

/// A chunk of a PNG, with its checksum.
fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let len = data.len() as u32;
    let chunk = [name, data].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&chunk);
    [&len.to_be_bytes()[..], &chunk, &crc.sum().to_be_bytes()].concat()
}

/// A PNG of 69 bytes whose header gives this size.
fn png(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = chunk(b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
    let data = chunk(b"IDAT", b"\x78\x9c\x63\x60\x60\x60\x00\x00\x00\x04\x00\x01");
    [
        b"\x89PNG\r\n\x1a\n",
        &header[..],
        &data,
        &chunk(b"IEND", b""),
    ]
    .concat()
}

#[test]
fn a_header_of_any_size_allocates_nothing() {
    assert_eq!(png(1, 1).len(), 69);
    assert_eq!(message(&png(1, 1)), "read as [1, 1]");
    let sizes = [
        (200_000, 200_000),
        (13_000, 13_000),
        (u32::MAX >> 1, 1),
        (4_000, 4_000),
    ];
    for (width, height) in sizes {
        let message = message(&png(width, height));
        assert!(message.contains("says that it has"), "{message}");
    }
    let mut jpeg = encoded(ImageFormat::Jpeg);
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    for size in [16_384u16, 65_535, 9_000, 2_500] {
        jpeg[frame + 5..frame + 7].copy_from_slice(&size.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&size.to_be_bytes());
        let message = message(&jpeg);
        assert!(message.contains("says that it has"), "{message}");
    }
    let mut gif = encoded(ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xc8, 0x32, 0xc8, 0x32]);
    assert!(
        message(&gif).contains("says that it has"),
        "{}",
        message(&gif)
    );
    let mut bmp = encoded(ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&13_000u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&13_000u32.to_le_bytes());
    assert!(
        message(&bmp).contains("says that it has"),
        "{}",
        message(&bmp)
    );
}

#[test]
fn a_plain_page_is_no_bomb() {
    let mut bytes = Cursor::new(Vec::new());
    let page = image::GrayImage::from_pixel(5_000, 4_000, image::Luma([255]));
    page.write_to(&mut bytes, ImageFormat::Png).unwrap();
    assert_eq!(message(&bytes.into_inner()), "read as [4000, 5000]");
}

#[test]
fn a_frame_of_a_gif_lies_on_black_as_do_transparent_pixels() {
    // A canvas of 3×2 with a frame of 2×1 at column 1; color 3 is transparent.
    let gif = b"GIF89a\x03\0\x02\0\x81\x01\0\xff\0\0\0\xff\0\0\0\xff\x0a\x14\x1e\
        \x21\xf9\x04\x01\0\0\x03\0,\x01\0\0\0\x02\0\x01\0\0\x02\x02\x94\x05\0;";
    // Codes of 3 bits: clear, 2, 3, end = 100, 010, 011, 101.
    let codes = 4 | 2 << 3 | 3 << 6 | 5 << 9;
    let mut gif = gif.to_vec();
    let at = gif.len() - 4;
    gif[at..at + 2].copy_from_slice(&u16::to_le_bytes(codes));
    let image = Decoded::new(&gif).unwrap();
    assert_eq!(image.size, [2, 3]);
    let mut expected = [0; 18];
    expected[5] = 255;
    assert_eq!(image.pixels(3).unwrap(), expected);
}

#[test]
fn other_formats_are_named() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "an empty file"),
        (b"II*\0\x08\0", "TIFF"),
        (
            b"\0\0\0\x1cftypavif",
            "ISO media, brand `avif` (AVIF or HEIC?)",
        ),
        (b"\n<!DOCTYPE html>", "a page of HTML or XML"),
        (&[0; 16], "zeros"),
        (b"\x01\x02\x03\x04\x05", "the first bytes [01, 02, 03, 04]"),
    ];
    for (bytes, found) in cases {
        let expected = format!("is not a PNG, JPEG, GIF, BMP or WebP image: found {found}");
        assert_eq!(message(bytes), expected);
    }
}

#[test]
fn grey_weighs_the_colours_as_tensorflow() {
    let greys = [
        grey(200, 0, 0),
        grey(0, 200, 0),
        grey(0, 0, 200),
        grey(77, 77, 77),
        grey(234, 91, 23),
    ];
    assert_eq!(greys, [59, 117, 22, 77, 125]);
}

#[test]
fn broken_bytes_are_read_or_refused_and_never_panic() {
    let mut state = 1u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let whole: Vec<Vec<u8>> = FORMATS.iter().map(|format| encoded(*format)).collect();
    for image in whole.iter().map(Vec::as_slice).chain([PROGRESSIVE]) {
        for _ in 0..2_000 {
            let mut bytes = image.to_vec();
            for _ in 0..1 + next() % 4 {
                // Headers contain the bytes that can mislead the decoder.
                let within = if next() % 2 == 0 {
                    bytes.len().min(80)
                } else {
                    bytes.len()
                };
                let place = next() % within;
                bytes[place] = if next() % 3 == 0 { 0xff } else { next() as u8 };
            }
            if let Ok(image) = Decoded::new(&bytes) {
                assert_eq!(
                    image.values.len(),
                    image.size[0] * image.size[1] * image.channels
                );
            }
        }
    }
}

/// A BMP with two columns: bits per pixel, compression, palette or masks, height and rows.
fn bmp(bits: u16, compression: u32, table: &[u8], height: i32, rows: &[u8]) -> Vec<u8> {
    let start = 54 + table.len() as u32;
    let mut bytes = b"BM\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend([start, 40, 2].map(u32::to_le_bytes).concat());
    bytes.extend(height.to_le_bytes());
    bytes.extend([1, bits].map(u16::to_le_bytes).concat());
    bytes.extend([compression, 0, 0, 0, 0, 0].map(u32::to_le_bytes).concat());
    [&bytes[..], table, rows].concat()
}

#[test]
fn every_kind_of_bmp_is_read() {
    let pixels = |bytes: &[u8]| Decoded::new(bytes).unwrap().pixels(4).unwrap();
    let colours = [[9, 8, 7, 255], [3, 2, 1, 255]].concat();
    // Palette entries are blue, green, red and a zero.
    let mut palette = vec![7, 8, 9, 0, 1, 2, 3, 0];
    assert_eq!(
        pixels(&bmp(1, 0, &palette, 1, &[0b0100_0000, 0, 0, 0])),
        colours
    );
    palette.resize(16 * 4, 0);
    assert_eq!(pixels(&bmp(4, 0, &palette, 1, &[0x01, 0, 0, 0])), colours);
    palette.resize(256 * 4, 0);
    assert_eq!(pixels(&bmp(8, 0, &palette, 1, &[0, 1, 0, 0])), colours);
    assert_eq!(
        pixels(&bmp(24, 0, &[], 1, &[7, 8, 9, 1, 2, 3, 0, 0])),
        colours
    );
    let alpha = pixels(&bmp(32, 0, &[], 1, &[7, 8, 9, 10, 1, 2, 3, 4]));
    assert_eq!(alpha, [9, 8, 7, 10, 3, 2, 1, 4]);
    let masks = [0xf800u32, 0x07e0, 0x001f].map(u32::to_le_bytes).concat();
    let masked = pixels(&bmp(16, 3, &masks, 1, &[0x00, 0xf8, 0xff, 0x07]));
    assert_eq!(masked, [255, 0, 0, 255, 0, 255, 255, 255]);

    // The bottom row first, or the top row first.
    let rows = [[1; 8], [2; 8]].concat();
    assert_eq!(pixels(&bmp(24, 0, &[], 2, &rows))[0], 2);
    assert_eq!(pixels(&bmp(24, 0, &[], -2, &rows))[0], 1);

    assert!(message(&bmp(8, 1, &palette, 1, &[2, 0, 0, 1])).starts_with("is a compressed BMP"));
    let short = bmp(8, 0, &palette[..8], 1, &[0; 4]);
    assert!(
        message(&short).contains("it ends in its palette"),
        "{}",
        message(&short)
    );
}
