//! Numbers of 8-bit models that no quantizer writes: a damaged or hand-made file is refused.
//!
//! Within these limits, the arithmetic is that of TensorFlow Lite Micro on every machine.

use super::fault::{Text, number};

/// A number that is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    /// `a shift of`.
    what: &'static str,
    found: Option<i64>,
    expected: &'static str,
}

impl Refused {
    /// `holds a shift of 40, expected -31 to 31`.
    pub(super) const fn words(&self, text: Text) -> Text {
        let mut text = text.str("holds ").str(self.what);
        if let Some(found) = self.found {
            text = text.str(if found < 0 { " -" } else { " " });
            text = number(text, found.unsigned_abs());
        }
        text.str(", expected ").str(self.expected)
    }
}

/// The first number of a tensor of an 8-bit layer that is refused. `name` is the tensor's own name in its layer, and
/// `values` are its bytes.
pub(super) const fn refused(name: &str, values: &[u8]) -> Option<Refused> {
    match name.as_bytes() {
        b"multiplier" | b"multipliers" => multipliers(values),
        b"min_difference" => min_difference(values),
        b"range" => range(values),
        b"scale" => scale(values),
        _ => None,
    }
}

const fn multipliers(values: &[u8]) -> Option<Refused> {
    let mut pairs = values.as_chunks::<8>().0;
    while let [pair, rest @ ..] = pairs {
        let [mantissa, shift] = [word(pair, 0), word(pair, 4)];
        if mantissa < 0 {
            return Some(Refused {
                what: "a mantissa of",
                found: Some(mantissa as i64),
                expected: "0 or more",
            });
        }
        if shift < -31 || shift > 31 {
            return Some(Refused {
                what: "a shift of",
                found: Some(shift as i64),
                expected: "-31 to 31",
            });
        }
        pairs = rest;
    }
    None
}

const fn min_difference(values: &[u8]) -> Option<Refused> {
    let (value, _) = values.split_at(4);
    let found = word(value, 0);
    if found <= 0 {
        return None;
    }
    Some(Refused {
        what: "a difference to the largest value of",
        found: Some(found as i64),
        expected: "0 or less",
    })
}

const fn range(values: &[u8]) -> Option<Refused> {
    let [min, max] = [values[0] as i8, values[1] as i8];
    if min <= max {
        return None;
    }
    Some(Refused {
        what: "a range whose end is below its start of",
        found: Some(min as i64),
        expected: "the smallest and the largest value",
    })
}

const fn scale(values: &[u8]) -> Option<Refused> {
    let scale = f32::from_bits(word(values, 0) as u32);
    if scale > 0.0 && scale.is_finite() {
        return None;
    }
    Some(Refused {
        what: match scale {
            0.0 => "a scale of 0",
            _ if scale < 0.0 => "a negative scale",
            _ => "a scale that is not finite",
        },
        found: None,
        expected: "a positive number",
    })
}

const fn word(values: &[u8], place: usize) -> i32 {
    i32::from_ne_bytes([
        values[place],
        values[place + 1],
        values[place + 2],
        values[place + 3],
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str, values: &[i32]) -> Option<String> {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_ne_bytes())
            .collect();
        refused(name, &bytes).map(|refused| refused.words(Text::new()).as_str().to_owned())
    }

    #[test]
    fn numbers_at_the_ends_are_taken_and_those_beyond_refused() {
        let of = |pair: [i32; 2]| words("multiplier", &[[1 << 30, -8], pair].concat());
        assert_eq!(of([0, -31]), None);
        assert_eq!(of([i32::MAX, 31]), None);
        assert_eq!(
            of([-1, 0]).unwrap(),
            "holds a mantissa of -1, expected 0 or more"
        );
        assert_eq!(
            of([1 << 30, 32]).unwrap(),
            "holds a shift of 32, expected -31 to 31"
        );
        assert_eq!(
            of([1 << 30, i32::MIN]).unwrap(),
            "holds a shift of -2147483648, expected -31 to 31"
        );
        assert_eq!(words("min_difference", &[0]), None);
        assert_eq!(
            words("min_difference", &[7]).unwrap(),
            "holds a difference to the largest value of 7, expected 0 or less"
        );
        assert_eq!(refused("range", &[0x80, 0x80]), None);
        assert!(refused("range", &[1, 0]).is_some());
        for (scale, is_taken) in [
            (1e-30, true),
            (0.0, false),
            (-1.0, false),
            (f32::NAN, false),
            (f32::INFINITY, false),
        ] {
            assert_eq!(
                refused("scale", &scale.to_ne_bytes()).is_none(),
                is_taken,
                "{scale}"
            );
        }
        assert_eq!(words("other", &[i32::MIN, i32::MIN]), None);
    }
}
