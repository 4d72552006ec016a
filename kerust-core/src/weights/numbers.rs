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

/// The first bias of an 8-bit layer with which a sum may leave 32 bits, whatever the 8-bit inputs are.
///
/// `kernel` and `bias` are the bytes of these tensors. The weights of a channel lie side by side if `channels_first`,
/// else those of a tap do. Most biases are so small that the weights need not be read: this is evaluated at compile
/// time.
pub(super) const fn overflow(kernel: &[u8], bias: &[u8], channels_first: bool) -> Option<Refused> {
    let channels = bias.len() / 4;
    let Some(taps) = kernel.len().checked_div(channels) else {
        return None;
    };
    // An input and a weight of -128 have the largest product.
    let most = taps as i64 * (1 << 14);
    let mut channel = 0;
    while channel < channels {
        let found = word(bias, 4 * channel) as i64;
        if found.abs() + most > i32::MAX as i64 {
            let [mut low, mut high] = [found; 2];
            let mut tap = 0;
            while tap < taps {
                let place = match channels_first {
                    true => channel * taps + tap,
                    false => tap * channels + channel,
                };
                let weight = kernel[place] as i8 as i64;
                low += if weight < 0 {
                    127 * weight
                } else {
                    -128 * weight
                };
                high += if weight < 0 {
                    -128 * weight
                } else {
                    127 * weight
                };
                tap += 1;
            }
            if low < i32::MIN as i64 || high > i32::MAX as i64 {
                return Some(Refused {
                    what: "a bias of",
                    found: Some(found),
                    expected: "one with which no sum of the layer's products leaves 32 bits",
                });
            }
        }
        channel += 1;
    }
    None
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
    fn a_bias_with_which_a_sum_may_overflow_is_refused() {
        let of = |kernel: &[i8], bias: &[i32], channels_first| {
            let kernel: Vec<u8> = kernel.iter().map(|weight| *weight as u8).collect();
            let bias: Vec<u8> = bias.iter().flat_map(|bias| bias.to_ne_bytes()).collect();
            let refused = overflow(&kernel, &bias, channels_first)?;
            Some(refused.words(Text::new()).as_str().to_owned())
        };
        // Each channel has two weights: the sums reach 127 * 10 + 128 * 3 above, and 128 * 10 + 127 * 3 below.
        let (first, last) = ([1, 2, 10, -3], [1, 10, 2, -3]);
        for (kernel, channels_first) in [(first, true), (last, false)] {
            for (bias, is_refused) in [
                (i32::MAX - 1654, false),
                (i32::MAX - 1653, true),
                (i32::MIN + 1661, false),
                (i32::MIN + 1660, true),
            ] {
                let found = of(&kernel, &[0, bias], channels_first);
                assert_eq!(found.is_some(), is_refused, "{bias}");
            }
        }
        assert_eq!(
            of(&[127], &[i32::MAX], true).unwrap(),
            "holds a bias of 2147483647, expected one with which no sum of the layer's products leaves 32 bits"
        );
        assert_eq!(of(&[], &[i32::MAX], true), None);
        assert_eq!(of(&[1], &[], true), None);
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
