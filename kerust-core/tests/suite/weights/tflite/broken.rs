//! Damaged files give an error or an import, and never a panic.

use super::{file, models};
use kerust_core::weights::tflite::import;
use safetensors::SafeTensors;

/// Damages each golden model so many times; returns how often it was rejected.
fn each(damage: impl Fn(&mut Vec<u8>, &mut dyn FnMut() -> usize), rounds: usize) -> usize {
    let mut state = 1u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut refused = 0;
    for name in ["operators.safetensors", "networks.safetensors"] {
        let bytes = file(name);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        for (_, model) in models(&file) {
            for _ in 0..rounds {
                let mut damaged = model.to_vec();
                damage(&mut damaged, &mut random);
                match import(&damaged, "Net") {
                    Ok(import) => {
                        let written = import.declaration.len() + import.weights.len();
                        assert!(written <= 32 * damaged.len(), "{written} bytes");
                    }
                    Err(error) => {
                        assert!(!error.to_string().is_empty());
                        refused += 1;
                    }
                }
            }
        }
    }
    refused
}

#[test]
fn a_changed_byte_is_refused_or_harmless() {
    let refused = each(
        |file, random| {
            let place = random() % file.len();
            file[place] ^= 1 << (random() % 8);
        },
        400,
    );
    assert!(refused > 10_000, "{refused}");
}

#[test]
fn several_changed_bytes_are_refused_or_harmless() {
    let refused = each(
        |file, random| {
            for _ in 0..1 + random() % 8 {
                let place = random() % file.len();
                file[place] = [0, 0xff, 0x7f, 0x80, random() as u8][random() % 5];
            }
        },
        400,
    );
    assert!(refused > 10_000, "{refused}");
}

#[test]
fn a_changed_word_is_refused_or_harmless() {
    let refused = each(
        |file, random| {
            let place = random() % (file.len() / 4) * 4;
            let value = [0u32, 1, 4, u32::MAX, 1 << 31, random() as u32 % 256];
            file[place..place + 4].copy_from_slice(&value[random() % 6].to_le_bytes());
        },
        400,
    );
    assert!(refused > 10_000, "{refused}");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = file("networks.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for (name, model) in models(&file) {
        for end in 0..model.len() {
            // The writer puts the tables that the root refers to last.
            assert!(import(&model[..end], "Net").is_err(), "{name} up to {end}");
        }
    }
}
