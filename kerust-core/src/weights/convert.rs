//! Converts values of other element types to `f32`.

/// Appends the values of a tensor with the type `F16`, `BF16` or `F64`.
///
/// # Errors
/// Returns the first number that is too large for `f32`.
pub(super) fn append(values: &mut Vec<u8>, read: &[u8], dtype: &str) -> Result<(), f64> {
    match dtype {
        "F16" => read
            .as_chunks()
            .0
            .iter()
            .for_each(|bytes| push(values, from_half(u16::from_le_bytes(*bytes)))),
        "BF16" => read.as_chunks().0.iter().for_each(|bytes| {
            let bits = u32::from(u16::from_le_bytes(*bytes)) << 16;
            push(values, f32::from_bits(bits));
        }),
        "F64" => {
            for bytes in read.as_chunks().0 {
                let number = f64::from_le_bytes(*bytes);
                let nearest = number as f32;
                if number.is_finite() && nearest.is_infinite() {
                    return Err(number);
                }
                push(values, nearest);
            }
        }
        _ => unreachable!("the types have been compared"),
    }
    Ok(())
}

fn push(values: &mut Vec<u8>, number: f32) {
    values.extend_from_slice(&number.to_ne_bytes());
}

/// Converts a number from IEEE 754 binary16.
fn from_half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    let magnitude = match exponent {
        // Subnormal numbers are multiples of 2^-24, which are exact in `f32`.
        0 => return f32::from_bits((fraction as f32 / 16_777_216.0).to_bits() | sign),
        31 => 0xff << 23 | fraction << 13,
        _ => (exponent + 127 - 15) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_its_number() {
        for bits in 0..=u16::MAX {
            let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
            let magnitude = match exponent {
                0 => fraction / 1024.0 * 2f64.powi(-14),
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
            };
            let found = from_half(bits);
            assert_eq!(found.is_sign_negative(), bits >> 15 == 1);
            match magnitude.is_nan() {
                true => assert!(found.is_nan()),
                false => assert_eq!(f64::from(found.abs()), magnitude, "{bits:x}"),
            }
        }
    }

    #[test]
    fn other_types_become_the_nearest_number() {
        let converted = |bytes: &[u8], dtype| {
            let mut values = Vec::new();
            append(&mut values, bytes, dtype)?;
            let values = values.as_chunks().0.iter();
            Ok::<Vec<f32>, f64>(values.map(|bytes| f32::from_ne_bytes(*bytes)).collect())
        };
        assert_eq!(
            converted(&[0x80, 0x3f, 0x49, 0xc0], "BF16"),
            Ok(vec![1.0, -3.140625])
        );
        let bytes = [0.1, -f64::INFINITY, 1e-300].map(f64::to_le_bytes).concat();
        assert_eq!(
            converted(&bytes, "F64"),
            Ok(vec![0.1, f32::NEG_INFINITY, 0.0])
        );
        assert_eq!(converted(&(-1e39f64).to_le_bytes(), "F64"), Err(-1e39));
        assert!(converted(&f64::NAN.to_le_bytes(), "F64").unwrap()[0].is_nan());
    }
}
