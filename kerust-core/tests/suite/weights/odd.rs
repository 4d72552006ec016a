//! Unusual safetensors files. The reader at run time and the one at compile time accept and reject the same
//! files with the same messages, and the official reader rejects every file that these reject, except where
//! they follow the text of the specification more strictly.

use super::embed::{refusal, same_words};
use super::stored::Net;
use super::{File, bits, net};
use kerust_core::layer::LayerData;
use kerust_core::weights::{self, embedded};
use safetensors::SafeTensors;
use std::fs;

const KERNEL: &str = r#""dense.kernel":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}"#;
const BIAS: &str = r#""dense.bias":{"dtype":"F32","shape":[3],"data_offsets":[24,36]}"#;
const KERNEL_1: &str = r#""dense_1.kernel":{"dtype":"F32","shape":[3,2],"data_offsets":[36,60]}"#;

fn file(header: &[u8], values: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend((0..values).map(|value| value as u8));
    bytes
}

/// A file whose header has these members.
fn with(members: &[&str]) -> Vec<u8> {
    file(format!("{{{}}}", members.join(",")).as_bytes(), 60)
}

/// A file with the model's tensors, where `new` replaces `old` in one tensor.
fn changed(old: &str, new: &str) -> Vec<u8> {
    let members = format!("{KERNEL},{BIAS},{KERNEL_1}");
    assert!(members.contains(old), "{old}");
    with(&[&members.replacen(old, new, 1)])
}

/// The words that both messages must contain, or that both readers accept the file.
enum Verdict {
    Accepted,
    /// The file does not fit the model.
    Mismatch(&'static str),
    Refused(&'static str),
    /// The specification forbids it, although Python's reader accepts it.
    Stricter(&'static str),
}
use Verdict::{Accepted, Mismatch, Refused, Stricter};

#[track_caller]
fn check(bytes: &[u8], verdict: &Verdict) {
    let stored = File::new(bytes);
    let mut model = net();
    let before = bits(&*model);
    let loaded = weights::load_into(&mut *model, &stored.path);
    let embedded_refusal = refusal::<Net>(bytes);
    let others = SafeTensors::deserialize(bytes).is_ok();
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (words, is_taken_by_others) = match verdict {
        Accepted => {
            loaded.unwrap();
            assert_eq!(
                bits(&*model),
                bits(&embedded::<Net>("FILE", bytes)),
                "{text}"
            );
            assert!(others, "{text}");
            return;
        }
        Mismatch(words) => (words, true),
        Refused(words) => (words, false),
        Stricter(words) => (words, true),
    };
    let error = loaded.expect_err(&text).to_string();
    assert_eq!(bits(&*model), before);
    let error = error.replace(&stored.path.display().to_string(), "FILE");
    same_words(&error, &embedded_refusal.expect(&text));
    assert!(
        error.contains(words),
        "{text}\nfound: {error}\nexpected: {words}"
    );
    let is_mismatch = error.contains("do not fit the model");
    assert_eq!(is_mismatch, matches!(verdict, Mismatch(_)), "{error}");
    assert_eq!(others, is_taken_by_others, "{text}\n{error}");
}

#[test]
fn both_readers_judge_odd_tensors_alike() {
    let gap = changed("[24,36]", "[28,40]");
    let zero = r#""zero":{"dtype":"F32","shape":[0,7],"data_offsets":[24,24]}"#;
    let cases = [
        (with(&[KERNEL, BIAS, KERNEL_1]), Accepted),
        (with(&[KERNEL_1, KERNEL, BIAS]), Accepted),
        (with(&[BIAS, KERNEL_1, KERNEL]), Accepted),
        // Names
        (
            with(&[KERNEL, BIAS, KERNEL_1, KERNEL]),
            Stricter("found `dense.kernel` twice in the header"),
        ),
        (
            changed("dense.bias", "dense.kernel"),
            Refused("found `dense.kernel` twice in the header"),
        ),
        (
            with(&[KERNEL, BIAS, KERNEL_1, &KERNEL.replace(".k", "\\u002ek")]),
            Stricter("found `dense.kernel` twice"),
        ),
        (changed("dense.bias", r"dense\u002ebias"), Accepted),
        (changed("dense.bias", r"d\u0065nse.bias"), Accepted),
        (
            changed("dense.bias", r"dense.bi\u00e4s"),
            Mismatch("tensor `dense.bias` is misnamed: found `dense.biäs`"),
        ),
        (
            changed("dense.bias", r#"x\ud83d\ude00\n\"y"#),
            Mismatch("tensor `x😀\\u{0a}\"y` is not expected"),
        ),
        (
            changed("dense.bias", "bias"),
            Mismatch("tensor `dense.bias` is missing: expected shape (3)"),
        ),
        (
            changed("dense.bias", ""),
            Mismatch("tensor `` is not expected: found shape (3)"),
        ),
        (
            changed("dense.bias", r"\ud83d"),
            Refused("at byte 77, expected an escape of JSON"),
        ),
        (
            changed("dense.bias", r"\x"),
            Refused("expected an escape of JSON"),
        ),
        (
            changed("dense.bias", "a\tb"),
            Refused("expected no control character in a string"),
        ),
        // Offsets
        (
            gap,
            Refused("tensor `dense.bias` at byte 28 of the values, expected byte 24"),
        ),
        (
            changed("[24,36]", "[20,32]"),
            Refused("tensor `dense.bias` at byte 20 of the values, expected byte 24"),
        ),
        (
            changed("[0,24]", "[4,28]"),
            Refused("tensor `dense.kernel` at byte 4 of the values, expected byte 0"),
        ),
        (
            changed("[24,36]", "[0,12]"),
            Refused("tensor `dense.kernel` at byte 0 of the values, expected byte 12"),
        ),
        (
            changed("[24,36]", "[36,24]"),
            Refused("expected where the values begin and end"),
        ),
        (
            changed("[24,36]", "[24]"),
            Refused("expected where the values begin and end"),
        ),
        (
            changed("[24,36]", "[24,36,36]"),
            Refused("expected where the values begin and end"),
        ),
        (
            changed("[36,60]", "[36,64]"),
            Refused("tensor `dense_1.kernel` of 28 bytes, expected 24, as its shape"),
        ),
        (
            changed("[3]", "[4]"),
            Refused("tensor `dense.bias` of 12 bytes, expected 16, as its shape"),
        ),
        (
            changed("[3]", "[4294967296,4294967296,3]"),
            Refused("expected a shape of whole bytes that a file can hold"),
        ),
        (
            changed("[3]", "[18446744073709551615]"),
            Refused("expected a shape of whole bytes"),
        ),
        (
            changed("[3]", "[18446744073709551616]"),
            Refused("expected a whole number"),
        ),
        (changed("[3]", "[3.0]"), Refused("expected a whole number")),
        (changed("[3]", "[3e0]"), Refused("expected a whole number")),
        (changed("[3]", "[-3]"), Refused("expected a whole number")),
        (changed("[3]", "[03]"), Refused("expected a whole number")),
        (changed("[3]", "[3,]"), Refused("expected a whole number")),
        (
            changed("[3]", "[\"3\"]"),
            Refused("expected a whole number"),
        ),
        (changed("[3]", "3"), Refused("expected `[`")),
        (changed("[3]", "null"), Refused("expected `[`")),
        (changed("[3]", "[ 3\n]"), Accepted),
        (
            changed("[3]", "[1,3,1]"),
            Mismatch("tensor `dense.bias` has another shape: found (1, 3, 1), expected (3)"),
        ),
        (
            changed("[3]", "[3,1,1,1,1,1,1,1,1,1]"),
            Mismatch("another shape: found (3, 1, 1, 1, 1, 1, 1, 1, ..), expected (3)"),
        ),
        (
            with(&[KERNEL, zero, BIAS, KERNEL_1]),
            Mismatch("tensor `zero` is not expected: found shape (0, 7)"),
        ),
        (
            with(&[zero, BIAS, KERNEL_1, KERNEL]),
            Mismatch("tensor `zero` is not expected: found shape (0, 7)"),
        ),
        (
            with(&[KERNEL, &zero.replace("24,24", "25,25"), BIAS, KERNEL_1]),
            Refused("tensor `zero` at byte 25 of the values, expected byte 36"),
        ),
        (
            changed("[3]", "[]"),
            Refused("of 12 bytes, expected 4, as its shape"),
        ),
        // Types and members
        (
            changed("F32", "F33"),
            Refused("expected an element type of safetensors, such as \"F32\""),
        ),
        (
            changed("F32", "f32"),
            Refused("expected an element type of safetensors"),
        ),
        (changed("F32", "\\u004632"), Accepted),
        (
            changed("F32\",\"shape\":[3]", "F16\",\"shape\":[6]"),
            Mismatch("another shape: found (6), expected (3)"),
        ),
        (
            changed("F32\",\"shape\":[3]", "F4\",\"shape\":[23]"),
            Refused("a shape of whole bytes"),
        ),
        (
            changed("F32\",\"shape\":[3]", "F6_E2M3\",\"shape\":[16]"),
            Mismatch("found (16), expected (3)"),
        ),
        (
            changed("F32\",\"shape\":[3]", "I32\",\"shape\":[3]"),
            Mismatch("found I32, expected F32"),
        ),
        (
            changed("\"shape\":[3],", ""),
            Refused("expected `dtype`, `shape` and `data_offsets`, each once"),
        ),
        (
            changed("\"shape\":[3],", "\"shape\":[3],\"shape\":[3],"),
            Refused("each once"),
        ),
        (
            changed(
                "\"shape\":[3],",
                "\"shape\":[3],\"layout\":{\"a\":[1e5,null,\"\"]},",
            ),
            Accepted,
        ),
        (
            changed("\"shape\":[3],", "\"shape\":[3],\"layout\":tru,"),
            Refused("expected a value"),
        ),
        (
            with(&[KERNEL, r#""dense.bias":["F32",[3],[24,36]]"#, KERNEL_1]),
            Stricter("expected `{`"),
        ),
    ];
    for (bytes, verdict) in &cases {
        check(bytes, verdict);
    }
}

#[test]
fn both_readers_judge_odd_headers_alike() {
    let whole = format!("{KERNEL},{BIAS},{KERNEL_1}");
    let header = |start: &str, end: &str| file(format!("{start}{whole}{end}").as_bytes(), 60);
    let metadata = |metadata: &str| with(&[&format!("\"__metadata__\":{metadata}"), &whole]);
    let of_length = |length: u64| {
        let mut bytes = with(&[&whole]);
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    let mut latin = with(&[&whole]);
    latin[10] = 0xff;
    let mut long = header("{", "}");
    long.push(0);
    let mut short = header("{", "}");
    short.pop();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let cases = [
        // Length
        (long, Refused("is too long: found")),
        (short, Refused("is truncated: found")),
        (
            file(b"{}", 0),
            Mismatch("tensor `dense.kernel` is missing: expected shape (2, 3)"),
        ),
        (
            file(b"{}", 1),
            Refused("is too long: found 11 bytes, its header promises 10"),
        ),
        (
            of_length(0),
            Refused("a header with a fault at byte 8, expected `{`"),
        ),
        (of_length(5), Refused("expected the end of a string")),
        (of_length(1_000), Refused("is truncated: found")),
        (
            of_length(100_000_000),
            Refused("its header promises 100000008"),
        ),
        (
            of_length(100_000_001),
            Refused("a header of 100000001 bytes, expected at most 100000000"),
        ),
        (
            of_length(u64::MAX),
            Refused("a header of 18446744073709551615 bytes, expected at most"),
        ),
        (
            of_length(1 << 63),
            Refused("a header of 9223372036854775808 bytes, expected at most"),
        ),
        (
            vec![2, 0, 0, 0, 0, 0, 0, 0],
            Refused("the first bytes [02, 00, 00, 00, 00, 00, 00, 00]"),
        ),
        (
            vec![],
            Refused("an empty file, expected the length of a JSON header"),
        ),
        (b"PK".to_vec(), Refused("the first bytes [50, 4b]")),
        // Whitespace, and headers that are not objects
        (header("{ \r\n\t", " }  \n\t\r"), Accepted),
        (
            header("{", "}\0"),
            Refused("expected the end of the header"),
        ),
        (header("{", "}x"), Refused("expected the end of the header")),
        (
            header("{", "}{}"),
            Refused("expected the end of the header"),
        ),
        (header("{", ",}"), Refused("expected a string")),
        (header("{,", "}"), Refused("expected a string")),
        (header("{", ""), Refused("expected `,` or `}`")),
        (header(" {", "}"), Stricter("the first bytes")),
        (header("\u{feff}{", "}"), Refused("the first bytes")),
        (header("[", "]"), Refused("the first bytes")),
        (file(b"[]", 0), Refused("the first bytes")),
        (file(b"{1:2}", 0), Refused("expected a string")),
        (file(b"{\"a\":1}", 0), Refused("expected `{`")),
        (file(b"{\"a\":null}", 0), Refused("expected `{`")),
        (file(deep.as_bytes(), 0), Refused("expected `{`")),
        (file(b"{\"a\" 1}", 0), Refused("expected `:`")),
        (
            latin,
            Refused("a header with a fault at byte 10, expected UTF-8"),
        ),
        // Metadata
        (metadata("{}"), Accepted),
        (metadata("null"), Accepted),
        (metadata("{\"a\":\"\\u0000\\n\"}"), Accepted),
        (metadata("{\"a\":1}"), Refused("expected a string")),
        (metadata("{\"a\":null}"), Refused("expected a string")),
        (metadata("{\"a\":{}}"), Refused("expected a string")),
        (metadata("[]"), Refused("expected `{`")),
        (metadata("\"a\""), Refused("expected `{`")),
        (
            metadata("{\"a\":\"1\",\"a\":\"2\"}"),
            Stricter("found `a` twice in the header"),
        ),
        (
            metadata("{\"a\":\"1\",\"\\u0061\":\"2\"}"),
            Stricter("found `a` twice in the header"),
        ),
        (
            metadata("{},\"__metadata__\":{}"),
            Refused("found `__metadata__` twice in the header"),
        ),
        (
            metadata("{\"format\":\"pt\",\"architecture\":\"0\"}"),
            Accepted,
        ),
        (
            metadata(r#"{"format":"kerust","architecture":"0","model":"a\u001b[31m"}"#),
            Mismatch(
                "of a model `a\\u{1b}[31m`, do not fit the model `Net`\n  the architecture differs first at a layer: found no further layer",
            ),
        ),
        (
            metadata(r#"{"format":"kerust","architecture":"0","layers":"a\"\\\u00e9\tb\nc"}"#),
            Mismatch("found `a\"\\é\\u{09}b`, expected `dense: Dense(3, relu) (2) -> (3)`"),
        ),
        (
            metadata(
                r#"{"format":"kerust","architecture":"0","layers":"dense: Dense(3, relu) (2) -> (3)\n"}"#,
            ),
            Mismatch("the architecture's fingerprint differs, though no layer's text does"),
        ),
        (
            metadata(
                r#"{"format":"\u006berust","architecture":"0","layers":"dense: Dense(3, relu) (2) -> (3)\r\nx"}"#,
            ),
            Mismatch("found `dense: Dense(3, relu) (2) -> (3)\\u{0d}`, expected `dense: Dense"),
        ),
    ];
    for (bytes, verdict) in &cases {
        check(bytes, verdict);
    }
}

#[test]
fn many_tensors_and_long_names_are_told_in_a_few_lines() {
    let long = "x".repeat(100_000);
    let bytes = changed("dense.bias", &long);
    check(&bytes, &Mismatch("xxx..` is not expected: found shape (3)"));
    let tensor = |n: usize| {
        format!(
            r#""t{n}":{{"dtype":"U8","shape":[1],"data_offsets":[{n},{}]}}"#,
            n + 1
        )
    };
    for (count, words) in [
        (300, Mismatch("\n  and 287 more")),
        (8_192, Mismatch("\n  and 8179 more")),
        (8_193, Stricter("found more than 8192 tensors")),
    ] {
        // Last one first: the file's order must not matter.
        let members: Vec<_> = (0..count).rev().map(tensor).collect();
        let bytes = file(format!("{{{}}}", members.join(",")).as_bytes(), count);
        check(&bytes, &words);
    }
}

#[test]
fn readers_agree_about_any_changed_byte() {
    let bytes = fs::read(File::saved().path).unwrap();
    let header_len = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    for place in 0..8 + header_len {
        for byte in [0, b'"', b'\\', b'{', b'}', b',', b'9', b'[', b' ', 0xff] {
            let mut bytes = bytes.clone();
            bytes[place] = byte;
            // Some file systems flush a file that is truncated and rewritten.
            let _ = fs::remove_file(&path);
            fs::write(&path, &bytes).unwrap();
            match (weights::load::<Net>(&path), refusal::<Net>(&bytes)) {
                (Ok(loaded), None) => {
                    let embedded: Net = embedded("FILE", &bytes);
                    assert_eq!(bits(&*loaded), bits(&embedded));
                    assert!(loaded.as_slice()[0].is_nan());
                }
                (Err(error), Some(refusal)) => {
                    let error = error.to_string();
                    same_words(
                        &error.replace(&path.display().to_string(), "FILE"),
                        &refusal,
                    );
                }
                (loaded, refusal) => {
                    let error = loaded.err().map(|error| error.to_string());
                    panic!("byte {place} as {byte:#x}: {error:?}, embedded: {refusal:?}");
                }
            }
        }
    }
}

#[test]
fn a_header_that_promises_much_takes_no_memory() {
    // A sparse file of 1 TB: its header is rejected.
    let large = r#"{"dense.kernel":{"dtype":"F32","shape":[250000000000],"data_offsets":[0,1000000000000]}}"#;
    let stored = File::new(&file(large.as_bytes(), 0));
    let sparse = fs::OpenOptions::new()
        .write(true)
        .open(&stored.path)
        .unwrap();
    if sparse
        .set_len(8 + large.len() as u64 + 1_000_000_000_000)
        .is_err()
    {
        // This file system has no sparse files of this size: the header is rejected for its length.
        stored.refusal();
        return;
    }
    let message = stored.refusal();
    let expected = "tensor `dense.kernel` has another shape: found (250000000000), expected (2, 3)";
    assert!(message.contains(expected), "{message}");
}
