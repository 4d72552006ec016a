//! A checksum of embedded weights, computed at compile time and compared on the device.
//!
//! It is CRC-32 as of zip and Ethernet (the reflected polynomial 0xEDB88320), over the tensors in the order of the
//! model's layout. Gaps between them are not read, since they have no value.

use crate::layer::{LayerData, Layout};
use core::fmt;

/// Embedded weights that are not those of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CorruptWeights {
    /// The checksum of the weights in memory.
    pub found: u32,
    /// The checksum that was computed at compile time.
    pub expected: u32,
}

impl fmt::Display for CorruptWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the embedded weights were changed: found the CRC-32 {:#010x}, expected {:#010x}",
            self.found, self.expected
        )
    }
}

impl core::error::Error for CorruptWeights {}

/// A model whose weights are part of the program.
pub trait Embedded: LayerData + 'static {
    /// The weights.
    const TRAINED: &'static Self;
    /// Their checksum, which is computed at compile time, and only in a program that uses it.
    const CHECKSUM: u32;
}

/// Compares the embedded weights in memory with their checksum.
///
/// # Errors
/// If they differ.
// Not inlined, since the compiler would compute the checksum of every model when it optimizes the caller.
#[inline(never)]
pub fn verify_embedded<W: Embedded>() -> Result<(), CorruptWeights> {
    verify(W::TRAINED, W::CHECKSUM)
}

/// Compares weights with a checksum.
///
/// # Errors
/// If they differ.
fn verify<W: LayerData>(weights: &W, expected: u32) -> Result<(), CorruptWeights> {
    // The compiler knows the embedded values, and must not assume that memory still has them.
    match checksum(core::hint::black_box(weights)) {
        found if found == expected => Ok(()),
        found => Err(CorruptWeights { found, expected }),
    }
}

/// The CRC-32 of the tensors of some weights, in the order of their layout.
pub const fn checksum<W: LayerData>(weights: &W) -> u32 {
    // SAFETY: the layout of a type is that of its values.
    !unsafe { add(u32::MAX, core::ptr::from_ref(weights).cast(), &W::LAYOUT) }
}

/// Adds the bytes of a part with this layout.
///
/// # Safety
/// `bytes` points to a value with the layout.
const unsafe fn add(mut crc: u32, bytes: *const u8, layout: &Layout) -> u32 {
    match layout {
        Layout::Tensor(..) => {
            let (len, mut place) = (layout.bytes(), 0);
            while place < len {
                // SAFETY: the tensor has `len` bytes.
                crc = step(crc, unsafe { *bytes.add(place) });
                place += 1;
            }
        }
        Layout::Parts(parts) => {
            let mut rest = *parts;
            while let [part, others @ ..] = rest {
                // SAFETY: the part lies at its offset.
                crc = unsafe { add(crc, bytes.add(part.offset), &part.layout) };
                rest = others;
            }
        }
    }
    crc
}

/// The effect of 4 bits: a table of 64 bytes, since one for 8 bits would take 1 KiB of flash.
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut value = 0;
    while value < 16 {
        let (mut crc, mut bit) = (value as u32, 0);
        while bit < 4 {
            crc = (crc >> 1) ^ ((crc & 1) * 0xedb8_8320);
            bit += 1;
        }
        table[value] = crc;
        value += 1;
    }
    table
};

const fn step(crc: u32, byte: u8) -> u32 {
    let crc = crc ^ byte as u32;
    let crc = (crc >> 4) ^ TABLE[(crc & 15) as usize];
    (crc >> 4) ^ TABLE[(crc & 15) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::int8::{DenseWeights, QuantizationWeights};

    #[test]
    fn the_checksum_is_that_of_zip() {
        let crc = b"123456789"
            .iter()
            .fold(u32::MAX, |crc, byte| step(crc, *byte));
        assert_eq!(!crc, 0xcbf4_3926);
    }

    #[test]
    fn each_changed_byte_of_each_tensor_is_found() {
        const WEIGHTS: DenseWeights<3, 2> = DenseWeights {
            kernel: [[1, -2, 3], [4, 5, -6]],
            bias: [7, -8],
            multiplier: [[1 << 30, -9], [1 << 30, -8]],
            scale: [0.5],
            zero_point: [-128, 127],
            range: [-128, 127],
        };
        const EXPECTED: u32 = checksum(&WEIGHTS);
        assert_eq!(verify(&WEIGHTS, EXPECTED), Ok(()));
        let mut changed = 0;
        for part in parts(&DenseWeights::<3, 2>::LAYOUT) {
            for place in part {
                for bit in 0..8 {
                    let mut weights = WEIGHTS;
                    // SAFETY: a byte of a tensor; any value is valid in each.
                    unsafe {
                        let byte = core::ptr::from_mut(&mut weights).cast::<u8>().add(place);
                        *byte ^= 1 << bit;
                    }
                    let error = verify(&weights, EXPECTED).unwrap_err();
                    assert_eq!(error.expected, EXPECTED);
                    assert_ne!(error.found, EXPECTED);
                }
                changed += 1;
            }
        }
        assert_eq!(changed, 6 + 8 + 16 + 4 + 2 + 2);
    }

    fn parts(layout: &Layout) -> Vec<core::ops::Range<usize>> {
        let Layout::Parts(parts) = layout else {
            panic!("a struct");
        };
        let range = |part: &crate::layer::Part| part.offset..part.offset + part.layout.bytes();
        parts.iter().map(range).collect()
    }

    const fn trained() -> &'static QuantizationWeights {
        static TRAINED: QuantizationWeights = QuantizationWeights {
            scale: [0.5],
            zero_point: [-7],
        };
        &TRAINED
    }

    #[test]
    fn embedded_weights_are_those_that_were_compiled() {
        assert_eq!(verify(trained(), const { checksum(trained()) }), Ok(()));
    }

    /// A scale of 4 bytes and a zero point of 1 leave a gap of 3, which is never read.
    #[test]
    fn gaps_do_not_count() {
        const WEIGHTS: QuantizationWeights = QuantizationWeights {
            scale: [0.25],
            zero_point: [3],
        };
        const EXPECTED: u32 = checksum(&WEIGHTS);
        let crc = [0, 0, 0x80, 0x3e, 3]
            .iter()
            .fold(u32::MAX, |crc, byte| step(crc, *byte));
        assert_eq!(EXPECTED, !crc);
    }

    #[test]
    fn the_error_names_both_checksums() {
        let error = verify(
            &QuantizationWeights {
                scale: [1.0],
                zero_point: [0],
            },
            7,
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the embedded weights were changed: found the CRC-32 {:#010x}, expected 0x00000007",
                error.found
            )
        );
    }
}
